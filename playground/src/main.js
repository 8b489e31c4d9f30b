// The page: two editors, three answers.

import { Editor } from "./editor.js";
import { counted, element, list, parse, summary } from "./findings.js";
import { fromHash, toHash } from "./link.js";
import { Runner, Stopped, compiled } from "./runner.js";
import { samples } from "./samples.js";

const MOST_TEXT = 4_000_000;
// A run begins so many milliseconds after the last change.
const DELAY = 200;
// A larger page is shown only on request, because it takes a browser seconds to lay out.
const LARGE_PAGE = 1_000_000;

const by = (id) => document.getElementById(id);
const [status, panel, versions] = [by("status"), by("panel"), by("istio")];
const tabs = [...document.querySelectorAll("[role=tab]")];
const after = new Editor(by("editor"), "Manifests", changed);
const before = new Editor(by("before-editor"), "Manifests before the change", changed);
const command = compiled(by("wasm"));
const workerUrl = URL.createObjectURL(new Blob([by("worker").textContent], { type: "text/javascript" }));
const runner = new Runner(command, workerUrl);
// Repairs and rules have a worker of their own, so that they stop no check, and one after another.
const helper = new Runner(command, workerUrl);
let helped = Promise.resolve();

function help(request) {
  const result = helped.then(() => helper.run(request));
  helped = result.catch(() => undefined);
  return result;
}

const view = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true").dataset.view;

function setStatus(text, tone = "calm") {
  status.className = `status ${tone}`;
  by("status-text").textContent = text;
}

// What tests and styles may see: pending, running or done.
const setState = (state) => (document.documentElement.dataset.state = state);

let timer;
function changed() {
  setState("pending");
  clearTimeout(timer);
  timer = setTimeout(show, DELAY);
}

let slow;
function setBusy(isBusy) {
  clearTimeout(slow);
  setState(isBusy ? "running" : "done");
  panel.setAttribute("aria-busy", String(isBusy));
  by("stop").hidden = true;
  if (isBusy) {
    slow = setTimeout(() => {
      setStatus("Working …");
      by("stop").hidden = false;
    }, 500);
  }
}

const ANSWERS = { check: showCheck, explain: showExplain, diff: showDiff };
let run = 0;

// Answers for the current texts.
async function show() {
  clearTimeout(timer);
  runner.stop();
  const number = ++run;
  const isCurrent = () => number === run;
  const name = view();
  if (after.length + (name === "diff" ? before.length : 0) > MOST_TEXT) {
    setStatus(`The text is longer than ${MOST_TEXT / 1_000_000} MB: use the command instead.`, "bad");
    replacePanel([]);
    setBusy(false);
    return;
  }
  setBusy(true);
  if (name !== "check") after.mark([]);
  try {
    const answer = await ANSWERS[name]({ text: after.text, before: before.text });
    if (!isCurrent()) return;
    setStatus(answer.text, answer.tone);
    replacePanel(answer.content);
    setBusy(false);
  } catch (thrown) {
    if (!isCurrent()) return;
    if (thrown instanceof Stopped) {
      setStatus(`The run was ${thrown.message}. A change of the text starts it again.`, "warn");
    } else {
      setStatus(`Internal error: ${thrown.message}`, "bad");
    }
    replacePanel([]);
    setBusy(false);
  }
}

// The focus stays in the panel if it was there.
function replacePanel(content) {
  const hasFocus = panel.contains(document.activeElement);
  panel.replaceChildren(...content);
  if (hasFocus) panel.focus();
}

const EMPTY = { text: "Type or paste a manifest, or load an example.", tone: "calm", content: [] };

const options = () => ["--istio", versions.value];

async function showCheck({ text }) {
  if (text.trim() === "") {
    after.mark([]);
    return EMPTY;
  }
  const args = ["check", "--no-config", "--format", "json", ...options(), "manifests.yaml"];
  const { status, out, error } = await runner.run({ args, files: { "manifests.yaml": text } });
  const documents = parse(out);
  const findings = documents.flatMap((found) => found.findings);
  after.mark(findings.slice(0, 1000));
  if (status === 2) return { text: "The command failed.", tone: "bad", content: [problem(error)] };
  const actions = {
    goTo: ({ line, column }) => after.goTo(line, column),
    fix: ({ fix }) => after.text === text && after.apply(fix.edits),
    explainRule,
  };
  const content = [list(documents, actions)];
  const safe = findings.filter(({ fix }) => fix?.applicability === "safe").length;
  if (safe > 1) content.unshift(fixAll(text, safe));
  return { ...summary(documents), content };
}

function fixAll(text, count) {
  const onclick = async () => {
    const args = ["check", "--no-config", "--fix", "--quiet", ...options(), "-"];
    const { out } = await help({ args, input: text });
    if (after.text === text && out) after.text = out;
  };
  return element("p", {}, element("button", { type: "button", id: "fix-all", onclick }, `Fix ${counted(count, "finding")} that can be repaired safely`));
}

const explainRule = (rule) =>
  help({ args: ["rules", rule] }).then(({ out, error }) => out || error, (thrown) => thrown.message);

async function showExplain({ text }) {
  if (text.trim() === "") return EMPTY;
  const args = ["explain", "--format", "html", ...options(), "manifests.yaml"];
  return pageOf(await runner.run({ args, files: { "manifests.yaml": text } }), "Explanation of the manifests");
}

async function showDiff({ text, before }) {
  if (text.trim() === "" || before.trim() === "") {
    return { ...EMPTY, text: "Type or paste manifests before and after a change, or load an example of a change." };
  }
  const args = ["explain", "--diff", "--format", "html", ...options(), "before.yaml", "after.yaml"];
  return pageOf(await runner.run({ args, files: { "before.yaml": before, "after.yaml": text } }), "Differences for clients");
}

const problem = (text) => element("pre", { className: "problem" }, text.slice(0, 20_000));

// The page that the command wrote, in a frame without scripts. Its links to its own parts would lead to the
// playground, since the address of a frame with `srcdoc` is that.
function pageOf({ out, error }, title) {
  const content = error.trim() ? [problem(error.trim())] : [];
  if (out === "") {
    const text = error.trim() ? "The manifests cannot be explained: Check shows how to repair them." : "No Gateway found.";
    return { text, tone: "bad", content };
  }
  const frame = element("iframe", { title });
  frame.setAttribute("sandbox", "");
  const fill = () => (frame.srcdoc = out.replaceAll('href="#', 'href="about:srcdoc#'));
  if (out.length > LARGE_PAGE) {
    const size = (out.length / 1_000_000).toFixed(1);
    const button = element("button", { type: "button", id: "show-page", onclick: () => (button.replaceWith(frame), fill()) }, `Show the page of ${size} MB`);
    content.push(button);
  } else {
    fill();
    content.push(frame);
  }
  return error.trim()
    ? { text: "Not everything could be explained.", tone: "warn", content }
    : { text: `${title}.`, tone: "calm", content };
}

// Selects a tab; the other ones are reached with the arrow keys.
function select(name, { focus = false } = {}) {
  for (const tab of tabs) {
    const isSelected = tab.dataset.view === name;
    tab.setAttribute("aria-selected", String(isSelected));
    tab.tabIndex = isSelected ? 0 : -1;
    if (isSelected) {
      panel.setAttribute("aria-labelledby", tab.id);
      if (focus) tab.focus();
    }
  }
  document.documentElement.dataset.view = name;
  by("editor-title").textContent = name === "diff" ? "After" : "Manifests";
  panel.replaceChildren();
  if (name === "diff" && before.text === "") before.text = after.text;
  show();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab.dataset.view));
  tab.addEventListener("keydown", (event) => {
    const last = tabs.length - 1;
    const at = tabs.indexOf(tab);
    const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    select(tabs[next].dataset.view, { focus: true });
  });
}

for (const [i, { name }] of samples.entries()) by("sample").append(element("option", { value: String(i) }, name));

function load({ text = "", before: old = "", view: name = "check", istio }) {
  by("notice").textContent = "";
  after.text = text;
  before.text = old;
  if ([...versions.options].some(({ value }) => value === istio)) versions.value = istio;
  select(tabs.some((tab) => tab.dataset.view === name) ? name : "check");
}

by("load").addEventListener("click", () => load(samples[Number(by("sample").value)]));
by("stop").addEventListener("click", () => runner.stop());
by("copy").addEventListener("click", () => (before.text = after.text));
versions.addEventListener("change", show);

by("share").addEventListener("click", async () => {
  const state = { text: after.text, istio: versions.value, view: view() };
  if (state.view === "diff") state.before = before.text;
  history.replaceState(null, "", await toHash(state));
  const field = by("link");
  field.value = location.href;
  by("link-row").hidden = false;
  field.focus();
  field.select();
  const copied = await (navigator.clipboard?.writeText(field.value) ?? Promise.reject()).then(() => true, () => false);
  by("link-status").textContent =
    `${copied ? "Copied. " : ""}The link has ${field.value.length.toLocaleString("en")} characters and holds the text itself: ` +
    "browsers do not send what follows # to a server." +
    (field.value.length > 8000 ? " Some programs cut such long links." : "");
});

async function loadHash() {
  try {
    const state = await fromHash(location.hash, ["text", "before", "istio", "view"], MOST_TEXT * 4);
    if (state) load(state);
    return state !== undefined;
  } catch (thrown) {
    load({});
    by("notice").textContent = `The link is damaged: ${thrown.message}`;
    return true;
  }
}

addEventListener("hashchange", loadHash);
loadHash().then((isLoaded) => isLoaded || load(samples[0]));
