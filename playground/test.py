"""Tests the playground in headless Chromium.

    test.py PAGE.html COMMAND [TEST...]

COMMAND is istio-gateway, built for this machine: its answers are those that the page has to show. Each
test prints how much it compared; the last line is the number of failures.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import time
import zlib

from driver import MEASURE, ROOT, Browser, Tests, framed, press_until, serve

WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
MOST_BLOCKED = 1500  # milliseconds in which the page may not react; 376 were seen with 8 other processes running


def appearance(t):
    """Each tab in each width and scheme, and with a link."""
    views = texts = 0
    lowest = 99
    for width in WIDTHS:
        for scheme in SCHEMES:
            t.browser.view(width, scheme)
            t.open()
            for view in ("check", "explain", "diff", "link"):
                if view == "link":
                    t.js("document.getElementById('share').click()")
                    t.until("!document.getElementById('link-row').hidden")
                else:
                    t.example({"check": 0, "explain": 2, "diff": 3}[view])
                    t.want(bool(t.call("frame")) == (view != "check"), f"{view}: no page")
                found = t.js(MEASURE)
                name = f"{view} at {width} px, {scheme}"
                t.want(found["width"] == width and found["isDark"] == (scheme == "dark"), f"{name}: measured otherwise")
                t.want(found["texts"] > 30, f"{name}: only {found['texts']} texts")
                for key in ("low", "out", "nameless"):
                    t.want(not found[key], f"{name}: {key}: {found[key][:4]}")
                t.want(found["scroll"] <= width, f"{name}: {found['scroll']} px wide")
                views, texts, lowest = views + 1, texts + found["texts"], min(lowest, found["lowest"])
    print(f"appearance: {views} views, {texts} texts, lowest contrast {lowest:.1f}")


def typing(t):
    """A manifest typed on the keyboard; the finding is where the mistake is, and moves with the text."""
    t.open()
    t.js("document.getElementById('editor').editor.focus()")
    t.key("a", "KeyA", modifiers=2)
    t.type("{apiVersion: networking.istio.io/v1, kind: Gateway,\nmetadata: {name: typed}, spec: {selector: {a: b},\n"
           "servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example.com],\ntls: {mode: SIMPEL}}]}}")
    t.settled()
    text = t.call("text")
    line = next(i for i, line in enumerate(text.split("\n"), 1) if "SIMPEL" in line)
    enum = [f for f in t.call("findings") if f["rule"] == "schema/enum"]
    t.want(line == 4 and [f["line"] for f in enum] == [4], f"line 4: {enum}")
    t.want("✕" in t.call("signs"), f"no sign of an error: {t.call('signs')}")
    t.want(t.call("status").startswith("The Gateway would be rejected."), t.call("status"))
    # F8 moves to the finding; then a line above moves it.
    t.key("Home", modifiers=2)
    for _ in range(len(t.call("findings"))):
        t.key("F8")
        if t.call("line") == 4:
            break
    t.want(t.call("line") == 4, f"F8 moved to line {t.call('line')}")
    t.key("Home", modifiers=2)
    t.type("# a comment\n")
    t.settled()
    enum = [f for f in t.call("findings") if f["rule"] == "schema/enum"]
    t.want([f["line"] for f in enum] == [5], f"line 5: {enum}")
    print(f"typing: {len(text)} characters typed, the finding on lines 4 and 5")


def findings(t):
    """The findings of manifests with mistakes: those of the command, at their lines; and repairs."""
    manifests = sorted((ROOT / "tests/manifests/mistakes").rglob("*.yaml"))
    manifests += sorted((ROOT / "tests/manifests/invalid").rglob("*.yaml"))
    count = clicks = fixes = 0
    t.open()
    for path in manifests:
        text = path.read_text()
        t.set(text)
        if not text.strip():
            continue
        want = t.native_findings(text)
        got = t.call("findings")
        is_same = [(f["severity"], f["line"], f["message"], f["rule"]) for f in got] == \
            [(f["severity"], f["line"] or 0, f["message"], f["rule"]) for f in want]
        t.want(is_same, f"{path.name}: {got[:2]} instead of {want[:2]}")
        count += len(got)
        for i, finding in enumerate(got):
            if finding["line"]:
                t.js(f"document.querySelectorAll('#panel li')[{i}].querySelector('button.go').click()")
                t.want(t.call("line") == finding["line"], f"{path.name}: {finding} led to line {t.call('line')}")
                clicks += 1
        safe = [i for i, f in enumerate(want) if f["fix"] and f["fix"]["applicability"] == "safe"]
        if safe:
            before = t.call("text")
            button = "#fix-all" if len(safe) > 1 else ".fix"
            if len(safe) == 1 and sum(f["fix"] is not None for f in want) > 1:
                continue
            t.js(f"document.querySelector('#panel {button}').click()")
            t.until(f"T.text() !== {json.dumps(before)}")
            t.settled()
            fixed = t.native("check", "--no-config", "--fix", "--quiet", "-", stdin=text)
            t.want(t.call("text") == fixed, f"{path.name}: repaired to {t.call('text')[:300]}")
            fixes += 1
            t.js("document.getElementById('editor').editor.focus()")
            t.key("z", "KeyZ", modifiers=2)
            t.want(t.call("text") == before, f"{path.name}: the repair cannot be undone")
    t.want(len(manifests) > 100 and count > 100 and fixes > 10, "too little was compared")
    # A finding explains its rule.
    t.set((ROOT / "playground/src/mistakes.yaml").read_text())
    t.js("document.querySelector('#panel summary').click()")
    want = t.native("rules", t.call("findings")[0]["rule"])
    t.until("document.querySelector('#panel pre').textContent !== '…'")
    t.want(t.js("document.querySelector('#panel pre').textContent") == want, "not the text of the rule")
    # Another release.
    t.js("{ const s = document.getElementById('istio'); s.value = '1.20'; s.dispatchEvent(new Event('change')); }")
    t.settled()
    want = t.native("check", "--no-config", "--istio", "1.20", "--format", "json", "manifests.yaml",
                    files={"manifests.yaml": t.call("text")})
    t.want([f["message"] for f in t.call("findings")] == [f["message"] for f in json.loads(want)["findings"]], "not Istio 1.20")
    print(f"findings: {len(manifests)} manifests, {count} findings, {clicks} of them chosen, {fixes} repaired")


def explanations(t):
    """The pages of explain and of --diff are byte by byte those of the command, and have their style."""
    manifests = ROOT / "conformance/browser/manifests"
    texts = [(ROOT / "examples/gateway.yaml").read_text(),
             "---\n".join((ROOT / f"examples/reachability/{n}.yaml").read_text() for n in ("admin", "shop", "routes")),
             *(path.read_text() for path in sorted(manifests.glob("*.yaml")))]
    t.open()
    t.select("explain")
    for text in texts:
        t.set(text)
        want = t.native("explain", "--format", "html", "manifests.yaml", files={"manifests.yaml": text})
        t.want(t.call("frame") == want, f"another explanation of {text[:80]}")
    t.want(any("class=\"picture\"" in t.native("explain", "--format", "html", "manifests.yaml", files={"manifests.yaml": text})
               for text in texts), "no picture")
    frame = framed(t, "[document.querySelectorAll('svg').length, getComputedStyle(document.body).margin]")
    t.want(frame == [len(t.call("frame").split("<svg")) - 1, "0px"], f"the frame shows {frame}")
    # A link leads to its server.
    t.want(framed(t, "document.querySelectorAll('nav a').length") > 1, "no links in the page")
    framed(t, "[...document.querySelectorAll('nav a')].at(-1).click()")
    t.until_framed("scrollY > 0")
    pairs = 0
    t.select("diff")
    for old in texts:
        for new in texts:
            t.call("set", old, "before-editor")
            t.set(new)
            want = t.native("explain", "--diff", "--format", "html", "before.yaml", "after.yaml",
                            files={"before.yaml": old, "after.yaml": new})
            t.want(t.call("frame") == want, f"another difference of {old[:80]} and {new[:80]}")
            pairs += 1
    print(f"explanations: {len(texts)} pages, {pairs} comparisons, equal to the command's")


def links(t):
    """A link holds all texts; a damaged or huge one is reported."""
    texts = [("# ü \U0001f512 \u2028 \"'<>&\\\nkind: Gateway\n", "a: b\n", "diff", "1.31"), ("", "", "check", "1.20"),
             ("x" * 200_000 + "\n" + "é" * 10_000, "", "explain", "1.32")]
    for text, before, view, istio in texts:
        t.open()
        t.select("check")
        t.call("set", before, "before-editor")
        t.js(f"document.getElementById('istio').value = '{istio}'")
        t.set(text)
        t.select(view)
        before = t.call("text", "before-editor") if view == "diff" else ""
        t.js("document.getElementById('share').click()")
        link = t.until("document.getElementById('link').value")
        t.want(link == t.js("location.href"), "not the address of the page")
        t.open(link)
        got = (t.call("text"), t.call("text", "before-editor"), t.js("document.documentElement.dataset.view"),
               t.js("document.getElementById('istio').value"))
        t.want(got == (text, before, view, istio), f"the link of {text[:20]!r} holds {str(got)[:80]}")
    bad = ["#1.", "#1.%%%", "#1.AAAA", "#1." + "A" * 5000, packed(b"[1"), packed(b"null"), packed(b"\xff"),
           packed(b"0" * 200_000_000)]
    for hash in bad:
        t.open(t.url + hash)
        notice = t.js("document.getElementById('notice').textContent")
        t.want(notice.startswith("The link is damaged"), f"{hash[:30]}: {notice}")
    # Unknown and mistyped parts are ignored, as is what is no link.
    t.open(t.url + packed(json.dumps({"text": "kind: x\n", "view": "constructor", "istio": "9", "before": 5}).encode()))
    t.want((t.call("text"), t.js("document.documentElement.dataset.view")) == ("kind: x\n", "check"), "mistyped parts")
    t.open(t.url + "#main")
    t.want("SIMPEL" in t.call("text"), "another hash hides the example")
    print(f"links: {len(texts)} round trips, {len(bad)} damaged")


def packed(content):
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = pack.compress(content) + pack.flush()
    return "#1." + base64.urlsafe_b64encode(data).decode().rstrip("=")


def keyboard(t):
    """All controls by the keyboard alone, with a visible focus, and a way out of the editor."""
    for width in WIDTHS:
        t.browser.view(width, "light")
        t.open()
        names, seen = [], None
        for _ in range(60):
            t.key("Tab")
            seen = t.call("focus")
            if seen["isFirst"]:
                break
            names.append(seen["name"])
            t.want(seen["isVisible"], f"the focus on {seen['name']} cannot be seen")
        want = ["sample", "load", "istio", "share", "cm-content", "tab-check", "fix-all", "go", "fix", "summary"]
        first = [name.split(" ")[0] for name in names]
        at = [first.index(name) if name in first else -1 for name in want]
        t.want(-1 not in at and at == sorted(at), f"the order of the focus is {names}")
        t.want("tab-diff" not in names, "each tab takes a stop")
    # The arrow keys choose tabs; the editor is left by Tab; Enter on a finding leads to its line.
    t.open()
    t.example(1)
    t.js("document.activeElement.blur()")
    press_until(t, "tab-check")
    t.key("ArrowRight")
    t.settled()
    seen = (t.call("focus")["name"], t.call("status"))
    t.want(seen == ("tab-explain", "Explanation of the manifests."), f"no explanation by the keyboard: {seen}")
    t.key("End")
    t.settled()
    t.want(t.call("focus")["name"] == "tab-diff" and bool(t.call("frame")), "no difference by the keyboard")
    t.key("Home")
    t.settled()
    t.example(0)
    press_until(t, "go")
    line = t.call("findings")[0]["line"]
    t.key("Enter")
    t.want(t.call("focus")["name"].startswith("cm-content") and t.call("line") == line, "Enter leads to no line")
    text = t.call("text")
    t.key("Tab")
    t.want(t.call("focus")["name"] == "tab-check" and t.call("text") == text, f"Tab does not leave the editor: {t.call('focus')}")
    press_until(t, "fix")
    t.key("Enter")
    t.settled()
    t.want(t.call("text") != text, "no repair by the keyboard")
    t.want(t.call("focus")["name"] == "panel", f"the focus is lost: {t.call('focus')}")
    print(f"keyboard: {len(names)} stops at each of {len(WIDTHS)} widths")


def hostile(t):
    """Texts of manifests never become markup, and bad input never blocks the page."""
    made = subprocess.run([sys.executable, ROOT / "conformance/browser/hostile.py"], stdout=subprocess.PIPE, check=True)
    t.open()
    texts = made.stdout.decode()
    for view in ("check", "explain"):
        t.select(view)
        t.set(texts)
        outside = t.js("[document.title, document.querySelectorAll('#panel script, #panel img, #panel b').length]")
        t.want(outside == ["Playground of istio-gateway", 0], f"{view}: {outside}")
    gateway = ("apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge{0}}}\nspec:\n  selector: {{istio: a}}\n"
               "  servers:\n  - port: {{number: 80, name: http, protocol: http}}\n    hosts: [a{0}.example.com]\n    tsl: {{}}\n---\n")
    garbage = "".join(chr(32 + (i * i * 7919 + i * 104729) % 0x2f00) for i in range(100_000))
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    inputs = {
        "100 kB of garbage": garbage,
        "lines of garbage": garbage.replace(" ", "\n").replace("a", "\n"),
        "a YAML bomb": bomb,
        "100,000 levels": "[" * 100_000,
        "a line of 1 MB": "a: " + "x" * 1_000_000,
        "2 MB of Gateways": "".join(gateway.format(i) for i in range(9600)),
        "2 MB of comments": "# a comment\n" * 170_000,
        "5 MB": "# a comment\n" * 420_000,
    }
    longest, slowest = (0, ""), (0, "")
    for view in ("check", "explain", "diff"):
        for name, text in inputs.items():
            t.open()
            t.select(view)
            # The expression itself takes the page some time.
            t.js(f"void (T.next = {json.dumps(text)})")
            t.js("T.watch()")
            begun = time.monotonic()
            t.js("T.set(T.next)")
            t.settled(120)
            slowest = max(slowest, (time.monotonic() - begun, f"{view}, {name}"))
            blocked = t.call("watched")
            status = t.call("status")
            t.want(blocked < MOST_BLOCKED, f"{view}, {name}: blocked for {blocked:.0f} ms")
            t.want("Internal" not in status and "Working" not in status, f"{view}, {name}: {status}")
            longest = max(longest, (blocked, f"{view}, {name}"))
            if name == "5 MB":
                t.want("longer than 4 MB" in status, f"{view}, {name}: {status}")
            if name in ("100 kB of garbage", "a YAML bomb") and view == "check":
                t.want(status.startswith("1 document cannot be read. 1 error"), f"{name}: {status}")
            if name.startswith("2 MB of G") and view == "check":
                t.want(status.startswith("9600 of 9600 Gateways would be rejected. 9600 errors"), status)
                t.want(len(t.call("findings")) < 200, "all findings are shown")
    # A long run can be stopped, and the next one answers.
    t.open()
    t.select("explain")
    t.call("set", inputs["2 MB of Gateways"])
    t.until("!document.getElementById('stop').hidden")
    t.js("document.getElementById('stop').click()")
    t.settled(2)
    t.want(t.call("status").startswith("The run was stopped"), t.call("status"))
    t.set((ROOT / "examples/gateway.yaml").read_text())
    t.want(bool(t.call("frame")), "no answer after a run was stopped")
    print(f"bad input: {3 * len(inputs)} answers, the slowest after {slowest[0]:.1f} s ({slowest[1]}); "
          f"blocked for at most {longest[0]:.0f} ms ({longest[1]})")


def served(t):
    """The page of a server, too."""
    server, base, paths = serve(t.page.parent)
    t.open(f"{base}/{t.page.name}")
    t.want(t.call("status").startswith("The Gateway would be rejected"), t.call("status"))
    t.collect()
    t.requests.remove(f"{base}/{t.page.name}")
    server.shutdown()
    t.want(paths == [f"/{t.page.name}"], f"requested: {paths}")
    print("server: the page works when it is served")


ATTEMPTS = {
    "fetch": "fetch('URL').then(() => 'allowed', () => 'blocked')",
    "image": "new Promise((end) => Object.assign(new Image(), { onload: () => end('allowed'), onerror: () => end('blocked'), src: 'URL' }))",
    "import": "import('URL').then(() => 'allowed', () => 'blocked')",
    "eval": "(async () => new Function('return 1')())().then(() => 'allowed', () => 'blocked')",
    "worker": "new Promise((end) => new Worker(URL.createObjectURL(new Blob([`fetch('URL').then(() => postMessage('allowed'), "
              "() => postMessage('blocked'))`]))).onmessage = ({ data }) => end(data))",
    "frame": "new Promise((end) => { const f = document.createElement('iframe'); f.onload = () => setTimeout(() => end('blocked'), 300);"
             " f.src = 'URL'; document.body.append(f); })",
}


def network(t):
    """Nothing but the page was requested, and no policy violated. Then requests are tried, and fail."""
    t.open()
    t.collect()
    loads = sum(url.split("#")[0] == t.url for url in t.requests)
    workers = sum(url.startswith("blob:") for url in t.requests)
    other = sorted({url[:80] for url in t.requests if url.split("#")[0] != t.url
                    and not url.startswith(("blob:null/", "blob:http://127.0.0.1:", "about:"))})
    t.want(not other, f"requests: {other[:5]}")
    t.want(not t.said, f"console: {json.dumps(t.said[:3])[:800]}")
    t.want(loads > 0 and workers > 0, f"{loads} loads, {workers} workers seen")
    server, base, paths = serve(ROOT / "playground/src")
    for name, attempt in ATTEMPTS.items():
        got = t.js(attempt.replace("'URL'", f"'{base}/bytes.js?{name}'"))
        t.want(got == "blocked", f"{name}: {got}")
    t.want(not paths, f"requested in spite of the policy: {paths}")
    directives = {d.split("-elem")[0] for d in t.js("window.violations")}
    t.want({"connect-src", "img-src", "script-src"} <= directives, f"violations: {directives}")
    t.collect()
    t.want(len(t.said) >= len(ATTEMPTS), f"only {len(t.said)} violations in the console")
    # Without the policy the same requests arrive: the attempts above prove something.
    t.browser.call("Page.setBypassCSP", {"enabled": True})
    t.open()
    for name in ("fetch", "import"):
        got = t.js(ATTEMPTS[name].replace("'URL'", f"'{base}/bytes.js?{name}'"))
        t.want(got == "allowed", f"without the policy, {name} is {got}")
    t.browser.call("Page.setBypassCSP", {"enabled": False})
    t.want(len(paths) == 2, f"without the policy: {paths}")
    server.shutdown()
    print(f"network: {loads} loads of the page, {workers} of its worker, 0 other requests; {len(ATTEMPTS)} attempts blocked and recorded")


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    page, command, *names = arguments
    browser = Browser(os.environ.get("CHROMIUM", "chromium"))
    tests = Tests(browser, pathlib.Path(page).resolve(), pathlib.Path(command).resolve())
    try:
        for test in (appearance, typing, findings, explanations, links, keyboard, hostile, served, network):
            if not names or test.__name__ in names:
                begun = time.monotonic()
                tests.browser.view(1280, "light")
                test(tests)
                print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    finally:
        browser.close()
    print(f"{tests.failures} failures")
    sys.exit(1 if tests.failures else 0)


main(sys.argv[1:])
