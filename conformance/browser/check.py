"""Loads pages of `istio-gateway explain` in headless Chromium and says what is wrong with them.

    check.py PAGE.html REPORT.json [PAGE.html REPORT.json ...]

REPORT.json is what --format json says of the same input: its rows and answers have to be in the page.
Only Python's standard library is needed: the browser is driven over a pipe.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")

# Measures the page. Every text must have a contrast of 4.5 to its background
# (WCAG 2 AA), and nothing may overflow.
MEASURE = r"""
(() => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const low = [], out = [], names = new Set(), handlers = [];
  let lowest = 99;
  for (const e of document.querySelectorAll('*')) {
    names.add(e.localName);
    for (const a of e.attributes) {
      if (a.name.startsWith('on') || (a.name === 'href' && !a.value.startsWith('#')) ||
          a.name === 'src' || a.name === 'style') handlers.push(a.name + '=' + a.value);
    }
    const isText = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!isText || !e.getClientRects().length || e.className === 'skip') continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    lowest = Math.min(lowest, contrast);
    if (contrast < 4.5) low.push(e.localName + ' ' + e.textContent.slice(0, 40) + ' ' + contrast.toFixed(2));
    if (e.getBoundingClientRect().right > innerWidth + 0.5) out.push(e.textContent.slice(0, 40));
  }
  const text = (e) => e.textContent.replace(/\s+/g, ' ').trim();
  return {
    width: innerWidth,
    scroll: document.documentElement.scrollWidth,
    scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
    title: document.title, lang: document.documentElement.lang,
    viewport: document.querySelector('meta[name=viewport]')?.content ?? '',
    names: [...names], handlers, low, out, lowest,
    tables: [...document.querySelectorAll('table')].map((t) => ({
      caption: t.caption ? text(t.caption) : '',
      titles: [...t.querySelectorAll('thead th')].map((h) => h.scope),
      rows: [...t.tBodies[0].rows].map((r) => [...r.cells].map((c) => (c.scope ?? '') + '|' + text(c))),
    })),
    pictures: [...document.querySelectorAll('svg.picture')].map((p) => ({
      size: Math.min(...[...p.querySelectorAll('text')].map((t) => t.getBoundingClientRect().height)),
      red: p.querySelectorAll('.way.red').length,
    })),
    articles: [...document.querySelectorAll('article')].map((a) => ({
      label: document.getElementById(a.getAttribute('aria-labelledby'))?.textContent ?? '',
      text: text(a),
      clients: [...a.querySelectorAll('table')].filter((t) => text(t.caption).startsWith('Client by client'))
        .flatMap((t) => [...t.tBodies[0].rows].map((r) => [...r.cells].map(text))),
    })),
  };
})()
"""

ALLOWED = set(
    "html head meta title style body a div header h1 h2 h3 p nav ol ul li main article section dl dt "
    "dd table caption thead tbody tr th td span small code bdi br footer svg g path rect text".split()
)

OUTCOMES = {
    "anonymous": "in, anonymous",
    "verified": "in, verified",
    "unverified": "in, UNVERIFIED",
    "passthrough": "passthrough",
}


class Browser:
    """Chromium, spoken to over its debugging pipe: JSON messages that end with a zero."""

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory()
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        shell = f"exec \"$@\" 3<&{to_read} 4>&{from_write}"
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "-", program, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-background-networking", "--disable-component-update", "--no-first-run",
             "--disable-dev-shm-usage", f"--user-data-dir={self.profile.name}",
             "--remote-debugging-pipe", "about:blank"],
            pass_fds=(to_read, from_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.out = os.fdopen(to_write, "wb", buffering=0)
        self.into = from_read
        self.pending = b""
        self.number = 0
        self.events = []
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    session = None

    def call(self, method, parameters=None):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if self.session:
            message["sessionId"] = self.session
        self.out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.pending:
            part = os.read(self.into, 1 << 16)
            if not part:
                raise RuntimeError("the browser is gone")
            self.pending += part
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def wait_for(self, method):
        end = time.monotonic() + 60
        while not any(event.get("method") == method for event in self.events):
            if time.monotonic() > end:
                raise RuntimeError(f"no {method} within a minute")
            self.events.append(self.receive())

    def visit(self, page, width, scheme):
        self.events = []
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500})
        self.call("Emulation.setEmulatedMedia",
                  {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.call("Page.navigate", {"url": page.as_uri()})
        self.wait_for("Page.loadEventFired")
        found = self.call("Runtime.evaluate", {"expression": MEASURE, "returnByValue": True})
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        said = [e for e in self.events if e.get("method") in
                ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")]
        asked = [e["params"]["request"]["url"] for e in self.events
                 if e.get("method") == "Network.requestWillBeSent"]
        return found["result"]["value"], said, asked

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except RuntimeError:
            pass
        self.process.wait(timeout=30)
        self.profile.cleanup()


def squeezed(text):
    return " ".join(text.split())


def wrong_in(seen, said, asked, page, width, scheme, report):
    """What is wrong with a page at one width."""
    wrong = []

    def want(is_so, what):
        if not is_so:
            wrong.append(what)

    want(seen["width"] == width and seen["scheme"] == scheme, f"measured otherwise: {seen['width']}")
    want(seen["scroll"] <= width, f"{seen['scroll']} px wide")
    want(not seen["out"], f"sticks out: {seen['out'][:3]}")
    want(not seen["low"], f"contrast: {seen['low'][:5]}")
    want(not said, f"console: {said[:3]}")
    want(asked == [page.as_uri()], f"requests: {asked}")
    want(seen["title"] and seen["lang"] == "en", "no title or language")
    want("width=device-width" in seen["viewport"], "no viewport")
    want(set(seen["names"]) <= ALLOWED, f"elements: {set(seen['names']) - ALLOWED}")
    want(not seen["handlers"], f"attributes: {seen['handlers'][:3]}")
    for table in seen["tables"]:
        want(table["caption"], "a table without a caption")
        want(set(table["titles"]) == {"col"}, "a table without titles of its columns")
        want(table["rows"] and all(row[0].startswith("row|") for row in table["rows"]),
             "a row without a title")
    gateways = report.get("gateways", [])
    want(len(seen["pictures"]) == len(gateways), "not one picture of each gateway")
    for picture, gateway in zip(seen["pictures"], gateways):
        want(picture["size"] >= 9, f"letters of {picture['size']} px in a picture")
        want(not gateway["bypasses"] or picture["red"], "a bypass that is not red")
    want(len(seen["articles"]) == len(report["servers"]), "not as many servers")
    for article, server in zip(seen["articles"], report["servers"]):
        want(article["label"], "a server without a label")
        wrong.extend(wrong_in_server(article, server, report["forwarding"]))
    return wrong


def wrong_in_server(article, server, forwarding):
    if "differences" in server:
        clients = [d for d in server["differences"] if d["kind"] == "client"]
        rows = article["clients"]
        if len(rows) != len(clients):
            return [f"{len(rows)} rows for {len(clients)} clients"]
        wrong = []
        for row, client in zip(rows, clients):
            states = [OUTCOMES.get(client[side]["outcome"], client[side]["outcome"]) for side in ("old", "new")]
            if not (row[0].startswith(client["what"]) and row[0].endswith(client["effect"])
                    and row[1].startswith(states[0]) and row[2].startswith(states[1])):
                wrong.append(f"row {row} for {client['id']}")
        others = [d["effect"] + d["what"] for d in server["differences"] if d["kind"] != "client"]
        wrong.extend(f"not there: {other}" for other in others if squeezed(other) not in article["text"])
        return wrong
    answers = server["answer"].values()
    wrong = [f"not there: {a}" for a in answers if squeezed(a) not in article["text"]]
    clients = server["clients"]
    is_alike = len(clients) > 1 and len({client["decision"] for client in clients}) == 1
    if all(client["outcome"] == "passthrough" for client in clients):
        want = []
    elif is_alike:
        want = [("any, or none", clients[0])]
    else:
        want = [(client["client"], client) for client in clients]
    rows = article["clients"]
    if len(rows) != len(want):
        return wrong + [f"{len(rows)} rows for {len(want)} clients"]
    header = {"none": "none", "gateway-set": "certificate", "client-supplied": "none", "client-supplied+gateway-set": "certificate"}
    for row, (name, client) in zip(rows, want):
        xfcc = client["xfcc"][forwarding]
        outcome = OUTCOMES.get(client["outcome"], client["outcome"])
        is_right = row[0] == name and row[1] == outcome
        if xfcc["header"] is not None:
            is_right = is_right and row[2].startswith(header[xfcc["if_spoofed"]])
            is_forged = "forwarded" in row[2] or "stays" in row[2]
            is_right = is_right and is_forged == ("client-supplied" in xfcc["if_spoofed"])
        if not is_right:
            wrong.append(f"row {row} for {client['id']}")
    return wrong


def main(arguments):
    pairs = list(zip(arguments[::2], arguments[1::2]))
    if not pairs or len(arguments) % 2:
        sys.exit(__doc__)
    browser = Browser(os.environ.get("CHROMIUM", "chromium"))
    failed = visits = rows = 0
    lowest = 99.0
    try:
        for page, report in pairs:
            page = pathlib.Path(page).resolve()
            report = json.loads(pathlib.Path(report).read_text())
            for width in WIDTHS:
                for scheme in SCHEMES:
                    seen, said, asked = browser.visit(page, width, scheme)
                    wrong = wrong_in(seen, said, asked, page, width, scheme, report)
                    visits += 1
                    rows += sum(len(table["rows"]) for table in seen["tables"])
                    lowest = min(lowest, seen["lowest"])
                    failed += bool(wrong)
                    for what in wrong[:20]:
                        print(f"{page.name} at {width} px, {scheme}: {what}")
    finally:
        browser.close()
    print(f"{len(pairs)} pages, {visits} views, {rows} rows of tables; lowest contrast {lowest:.1f}; "
          f"{failed} views wrong")
    sys.exit(1 if failed else 0)


main(sys.argv[1:])
