// The answer of `check --format json` as elements. Text from manifests is only ever textContent.

export const MOST_SHOWN = 200;

const AUTHORITIES = {
  "field-validation": "the API server's field validation",
  schema: "the API server's schema",
  cel: "the API server's CEL rules",
  webhook: "istiod's webhook",
};

const TONES = { error: "bad", warning: "warn", note: "calm" };

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export const tag = (text, tone) => element("span", { className: `tag ${tone}` }, text);

export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

export function parse(lines) {
  return lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

// Unreadable documents are rejected by no stage.
const isUnreadable = ({ verdict, rejected_by }) => verdict === "rejected" && rejected_by === null;

// A few sentences, and how they are highlighted.
export function summary(documents) {
  const severities = documents.flatMap(({ findings }) => findings.map(({ severity }) => severity));
  const count = (severity) => severities.filter((found) => found === severity).length;
  const unreadable = documents.filter(isUnreadable).length;
  const gateways = documents.filter((found) => found.verdict !== "skipped" && !isUnreadable(found));
  const countOf = (verdict) => gateways.filter((found) => found.verdict === verdict).length;
  const [rejected, open, all] = [countOf("rejected"), countOf("depends-on-placeholders"), gateways.length];
  const [errors, warnings] = [count("error"), count("warning")];
  const sentences = [];
  if (unreadable > 0) sentences.push(`${counted(unreadable, "document")} cannot be read.`);
  if (rejected > 0) {
    sentences.push(all === 1 ? "The Gateway would be rejected." : `${rejected} of ${all} Gateways would be rejected.`);
  } else if (open > 0) {
    sentences.push("The verdict depends on the values of placeholders.");
  } else if (all > 0) {
    sentences.push(all === 1 ? "The Gateway would be accepted." : `All ${all} Gateways would be accepted.`);
  } else if (unreadable === 0) {
    sentences.push("No Gateway of networking.istio.io found.");
  }
  sentences.push(`${counted(errors, "error")}, ${counted(warnings, "warning")}, ${counted(count("note"), "note")}.`);
  const tone = errors > 0 ? "bad" : open > 0 || warnings > 0 ? "warn" : all > 0 ? "good" : "calm";
  return { text: sentences.join(" "), tone };
}

function verdict(found) {
  const { rejected_by } = found;
  switch (found.verdict) {
    case "accepted":
      return tag("accepted", "good");
    case "rejected":
      return tag(isUnreadable(found) ? "cannot be read" : `rejected by ${AUTHORITIES[rejected_by] ?? rejected_by}`, "bad");
    case "depends-on-placeholders":
      return tag("depends on placeholders", "warn");
    default:
      return tag("not a Gateway", "calm");
  }
}

// `actions`: goTo(finding), fix(finding), explainRule(id) -> promise of a text.
export function list(documents, actions) {
  const shown = element("div");
  let left = MOST_SHOWN;
  let [moreFindings, moreDocuments] = [0, 0];
  for (const found of documents) {
    if (left <= 0) {
      moreDocuments++;
      moreFindings += found.findings.length;
      continue;
    }
    left--;
    const name = [found.namespace, found.name].filter(Boolean).join("/") || `document ${found.document}`;
    const items = element("ol", { className: "findings" });
    for (const finding of found.findings) {
      if (left-- > 0) items.append(item(finding, actions));
      else moreFindings++;
    }
    shown.append(
      element("section", { className: "document" },
        element("h3", {}, element("bdi", {}, name), " ", verdict(found)),
        ...(items.children.length ? [items] : [])),
    );
  }
  if (moreFindings + moreDocuments > 0) {
    const more = `${counted(moreFindings, "finding")} and ${counted(moreDocuments, "document")} are not shown. The command shows all.`;
    shown.append(element("p", { className: "meta" }, more));
  }
  return shown;
}

function item(finding, actions) {
  const { line, severity, message, help, path, rule, fix } = finding;
  const what = element("span", { className: "message" }, message);
  const head = line === null
    ? element("div", { className: "go" }, tag(severity, TONES[severity]), " ", what)
    : element("button", { type: "button", className: "go", onclick: () => actions.goTo(finding) },
      tag(severity, TONES[severity]), " ", element("span", { className: "line" }, `line ${line}`), " ", what);
  const made = element("li", {}, head);
  if (path && !message.includes(path)) made.append(element("code", { className: "path" }, path));
  if (help) made.append(element("p", { className: "help" }, help));
  const rest = element("div", { className: "actions" });
  if (fix) {
    const isSafe = fix.applicability === "safe";
    const title = isSafe ? fix.title : `${fix.title} (changes the meaning)`;
    rest.append(element("button", { type: "button", className: "fix", onclick: () => actions.fix(finding) }, `Fix: ${title}`));
  }
  rest.append(ruleDetails(rule, actions));
  made.append(rest);
  return made;
}

function ruleDetails(rule, { explainRule }) {
  const text = element("pre", { tabIndex: 0 }, "…");
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", `Rule ${rule}`);
  const details = element("details", {}, element("summary", {}, rule), text);
  details.addEventListener("toggle", async () => {
    if (!details.open || details.dataset.loaded) return;
    details.dataset.loaded = "true";
    text.textContent = await explainRule(rule);
  });
  return details;
}
