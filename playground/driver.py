"""The page in a browser, and the command on this machine, for test.py."""

import functools
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "conformance/browser"))
from browser import CONTRAST, Browser  # noqa: E402

# Everything that overflows the page, or has too little contrast, the editors' shadow trees included.
MEASURE = r"""
(() => {
  CONTRAST
  const all = (root) => [...root.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const low = [], out = [];
  let texts = 0, lowest = 99;
  for (const e of all(document)) {
    if (!hasText(e) || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || !e.getClientRects().length) continue;
    if (['SCRIPT', 'STYLE', 'TITLE', 'OPTION'].includes(e.tagName)) continue;
    texts++;
    const contrast = contrastOf(e);
    lowest = Math.min(lowest, contrast);
    if (contrast < 4.5) low.push(`${e.localName}.${e.className} ${e.textContent.slice(0, 30)} ${contrast.toFixed(2)}`);
    // A long line is scrolled in the editor.
    if (!e.closest('.cm-content') && e.getBoundingClientRect().right > innerWidth + 0.5) out.push(e.textContent.slice(0, 40));
  }
  const nameless = [...document.querySelectorAll('button, select, input, iframe, [role=tabpanel]')].filter((e) =>
    !(e.textContent.trim() && e.localName === 'button') && !e.labels?.length && !e.title &&
    !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')).map((e) => e.id || e.localName);
  return { width: innerWidth, scroll: document.documentElement.scrollWidth, texts, lowest, low, out, nameless,
    isDark: matchMedia('(prefers-color-scheme: dark)').matches };
})()
""".replace("CONTRAST", CONTRAST)

PAGE = r"""
(() => {
  const by = (id) => document.getElementById(id);
  window.T = {
    state: () => document.documentElement.dataset.state,
    text: (id = 'editor') => by(id).editor.state.doc.toString(),
    set(text, id = 'editor') {
      const { editor } = by(id);
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    },
    line: () => { const { state } = by('editor').editor; return state.doc.lineAt(state.selection.main.head).number; },
    status: () => by('status-text').textContent,
    findings: () => [...document.querySelectorAll('#panel li')].map((li) => ({
      severity: li.querySelector('.tag').textContent,
      line: Number(/\d+/.exec(li.querySelector('.line')?.textContent ?? '')?.[0] ?? 0),
      message: li.querySelector('.message').textContent,
      rule: li.querySelector('summary').textContent,
      fix: li.querySelector('.fix')?.textContent ?? null,
    })),
    signs: () => [...by('editor').shadowRoot.querySelectorAll('.cm-signs .cm-gutterElement')]
      .filter((e) => e.textContent && e.style.visibility !== 'hidden').map((e) => e.textContent),
    // Links to parts of the page have the address of the frame.
    frame: () => document.querySelector('#panel iframe')?.srcdoc.replaceAll('"about:srcdoc#', '"#') ?? null,
    focus: () => {
      let e = document.activeElement;
      while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
      const style = getComputedStyle(e);
      const around = e.closest('.cm-editor') ? getComputedStyle(e.getRootNode().host.closest('section')) : style;
      return { name: e.id || e.className || e.localName, text: e.textContent.slice(0, 60), isFirst: e === document.body,
        isVisible: style.outlineStyle !== 'none' || around.boxShadow !== 'none' };
    },
    // The longest time without a turn of the event loop, until it is stopped.
    watch() {
      let last = performance.now();
      T.longest = 0;
      T.watching = setInterval(() => {
        const now = performance.now();
        T.longest = Math.max(T.longest, now - last);
        last = now;
      }, 5);
    },
    watched() { clearInterval(T.watching); return T.longest; },
  };
  addEventListener('securitypolicyviolation', (e) => (window.violations ??= []).push(e.violatedDirective));
})()
"""


class Tests:
    def __init__(self, browser, page, command):
        self.browser, self.page, self.command = browser, page, command
        self.failures, self.requests, self.said = 0, [], []
        self.url = page.as_uri()

    def want(self, is_so, what):
        if not is_so:
            self.failures += 1
            print(f"FAILED: {what}")
        return is_so

    def js(self, expression):
        return self.browser.evaluate(expression)

    def call(self, name, *arguments):
        return self.js(f"T.{name}({', '.join(json.dumps(a) for a in arguments)})")

    def collect(self):
        """What was requested and written to the console, in each target, since the last time."""
        self.requests += self.browser.requested()
        self.said += self.browser.said()
        self.browser.events = []

    def until(self, expression, seconds=60):
        end = time.monotonic() + seconds
        while not (value := self.js(expression)):
            if time.monotonic() > end:
                raise RuntimeError(f"not within {seconds} s: {expression}; status: {self.call('status')}")
            time.sleep(0.02)
        return value

    def until_framed(self, expression):
        end = time.monotonic() + 10
        while not framed(self, expression):
            if time.monotonic() > end:
                self.want(False, f"in the frame: {expression}")
                return
            self.js("1")
            time.sleep(0.02)

    def settled(self, seconds=60):
        self.until("T.state() === 'done'", seconds)

    def open(self, url=None):
        self.collect()
        # A change of only the hash would not load the page.
        self.browser.navigate("about:blank")
        self.browser.navigate(url or self.url)
        self.js(PAGE)
        self.settled()

    def set(self, text, editor="editor"):
        """Another text, and its answer, without the delay for typing."""
        self.call("set", text, editor)
        self.js("void document.getElementById('istio').dispatchEvent(new Event('change'))")
        self.settled()

    def select(self, view):
        self.js(f"document.getElementById('tab-{view}').click()")
        self.settled()

    def example(self, number):
        self.js(f"document.getElementById('sample').value = '{number}'; document.getElementById('load').click()")
        self.settled()

    def key(self, key, code=None, text=None, modifiers=0):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "ArrowUp": 38,
                 "ArrowDown": 40, "Home": 36, "End": 35, "F8": 119, " ": 32, "a": 65, "z": 90}
        event = {"key": key, "code": code or key, "modifiers": modifiers,
                 "windowsVirtualKeyCode": codes.get(key, 0)}
        if text is None and key == "Enter":
            text = "\r"
        self.browser.call("Input.dispatchKeyEvent", {**event, "type": "keyDown", **({"text": text} if text else {})})
        self.browser.call("Input.dispatchKeyEvent", {**event, "type": "keyUp"})

    def type(self, text):
        for character in text:
            if character == "\n":
                self.key("Enter")
            else:
                self.browser.call("Input.dispatchKeyEvent", {"type": "char", "text": character})

    def native(self, *arguments, files=None, stdin=None):
        """What the command answers on this machine."""
        directory = self.page.parent / "test-files"
        directory.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            (directory / name).write_bytes(text.encode())
        ran = subprocess.run([self.command, *arguments], cwd=directory, input=(stdin or "").encode(),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        return ran.stdout.decode()

    def native_findings(self, text):
        lines = self.native("check", "--no-config", "--format", "json", "manifests.yaml", files={"manifests.yaml": text})
        return [finding for line in lines.splitlines() for finding in json.loads(line)["findings"]]


def framed(t, expression):
    """The value of an expression in the frame of the panel, which has no script itself."""
    tree = t.browser.call("Page.getFrameTree")["frameTree"]
    if tree.get("childFrames"):
        world = t.browser.call("Page.createIsolatedWorld", {"frameId": tree["childFrames"][0]["frame"]["id"]})
        where = {"contextId": world["executionContextId"]}
        found = t.browser.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, **where})
    else:
        child = [e["params"] for e in t.browser.events if e.get("method") == "Target.attachedToTarget"
                 and e["params"]["targetInfo"]["type"] == "iframe"][-1]
        found = t.browser.call("Runtime.evaluate", {"expression": expression, "returnByValue": True},
                               session=child["sessionId"])
    return found["result"].get("value")


def press_until(t, name):
    for _ in range(60):
        t.key("Tab")
        if t.call("focus")["name"].split(" ")[0] == name:
            return
    raise RuntimeError(f"no {name} by Tab")


def serve(folder):
    """A server of a folder, which allows everyone to read; with the list of what was requested."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            paths.append(self.path)

        def end_headers(self):
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()
    paths = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}", paths
