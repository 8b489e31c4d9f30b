"""Loads pages of `istio-gateway explain` in headless Chromium and says what is wrong with them.

    check.py PAGE.html REPORT.json [PAGE.html REPORT.json ...]

REPORT.json is what --format json says of the same input: its rows and answers have to be in the page.
"""

import json
import os
import pathlib
import sys

from browser import CONTRAST, Browser

WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")

# Measures the page. Every text must have a contrast of 4.5 to its background
# (WCAG 2 AA), and nothing may overflow.
MEASURE = r"""
(() => {
  CONTRAST
  const low = [], out = [], names = new Set(), handlers = [];
  let lowest = 99;
  for (const e of document.querySelectorAll('*')) {
    names.add(e.localName);
    for (const a of e.attributes) {
      if (a.name.startsWith('on') || (a.name === 'href' && !a.value.startsWith('#')) ||
          a.name === 'src' || a.name === 'style') handlers.push(a.name + '=' + a.value);
    }
    if (!hasText(e) || !e.getClientRects().length || e.className === 'skip') continue;
    const contrast = contrastOf(e);
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
""".replace("CONTRAST", CONTRAST)

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


def visit(browser, page, width, scheme):
    browser.view(width, scheme)
    browser.navigate(page.as_uri())
    seen = browser.evaluate(MEASURE)
    return seen, browser.said(), browser.requested()


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
                    seen, said, asked = visit(browser, page, width, scheme)
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
