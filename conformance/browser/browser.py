"""Headless Chromium, driven over a pipe. Only Python's standard library is needed."""

import json
import os
import select
import subprocess
import tempfile
import time

# The contrast of an element's text to its background, as WCAG 2 defines it. Backgrounds may be translucent.
CONTRAST = r"""
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+(?:e-?\d+)?/g).map(Number);
    return [...[r, g, b].map((v) => color.startsWith('color(') ? v : v / 255), a];
  };
  const light = ([r, g, b]) => {
    const part = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const above = (e) => e.parentElement ?? e.getRootNode().host;
  const backgroundOf = (element) => {
    const layers = [];
    for (let e = element; e; e = above(e)) {
      layers.push(parse(getComputedStyle(e).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reduceRight((under, [r, g, b, a]) =>
      [r, g, b].map((v, i) => v * a + under[i] * (1 - a)), [1, 1, 1]);
  };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const contrastOf = (e) => {
    const [a, b] = [parse(getComputedStyle(e).color), backgroundOf(e)].map(light).sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
"""


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
        # Workers and frames have sessions of their own: each waits until its events are enabled.
        self.call("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True})

    session = None

    def send(self, method, parameters=None, session=None):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        self.out.write(json.dumps(message).encode() + b"\0")
        return self.number

    def call(self, method, parameters=None, session=None):
        number = self.send(method, parameters, session or self.session)
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.into], [], [], 120)
            if not ready:
                raise RuntimeError("the browser has not answered for two minutes")
            part = os.read(self.into, 1 << 20)
            if not part:
                raise RuntimeError("the browser is gone")
            self.pending += part
        message, self.pending = self.pending.split(b"\0", 1)
        message = json.loads(message)
        if message.get("method") == "Target.attachedToTarget" and self.session:
            child = message["params"]["sessionId"]
            for method in ("Runtime.enable", "Log.enable", "Network.enable", "Runtime.runIfWaitingForDebugger"):
                self.send(method, session=child)
        return message

    def wait_for(self, method):
        end = time.monotonic() + 60
        while not any(event.get("method") == method for event in self.events):
            if time.monotonic() > end:
                raise RuntimeError(f"no {method} within a minute")
            self.events.append(self.receive())

    def view(self, width, scheme, height=800):
        """A width, and light or dark."""
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        self.call("Emulation.setEmulatedMedia",
                  {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def navigate(self, url):
        self.events = []
        self.call("Page.navigate", {"url": url})
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        """The value of an expression, or of its promise."""
        found = self.call("Runtime.evaluate",
                          {"expression": expression, "returnByValue": True, "awaitPromise": True,
                           "allowUnsafeEvalBlockedByCSP": False})
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def said(self):
        """Messages of the console since the page was loaded; violations of its policy are among them."""
        return [e for e in self.events if e.get("method") in
                ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")]

    def requested(self):
        """The URLs that were requested since."""
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except RuntimeError:
            pass
        self.process.wait(timeout=30)
        self.profile.cleanup()
