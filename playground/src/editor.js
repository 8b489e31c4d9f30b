// An editor of manifests with marked lines. It is in a shadow tree, where CodeMirror needs no <style>.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  GutterMarker,
  drawSelection,
  gutter,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const SEVERITIES = ["error", "warning", "note"];
const SIGNS = { error: "✕", warning: "▲", note: "●" };

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: ".875rem", color: "var(--ink)", backgroundColor: "var(--sheet)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)", padding: ".5rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--page)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--link) 9%, transparent)" },
  ".cm-activeLineGutter": { color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--link) 28%, transparent)",
  },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--warn-bg)" },
  ".cm-signs": { width: "1.2rem" },
  ".cm-signs .cm-gutterElement": { textAlign: "center", fontSize: ".75rem", lineHeight: "1.75" },
  ".cm-sign-error, .cm-sign-error span": { color: "var(--bad)" },
  ".cm-sign-warning": { color: "var(--warn)" },
  ".cm-sign-note": { color: "var(--calm)" },
  ".cm-line-error": { backgroundColor: "color-mix(in srgb, var(--bad-bg) 55%, transparent)" },
  ".cm-mark": { textDecoration: "underline wavy 1px", textUnderlineOffset: "3px" },
  ".cm-mark-error": { textDecorationColor: "var(--bad)" },
  ".cm-mark-warning": { textDecorationColor: "var(--warn)" },
  ".cm-mark-note": { textDecorationColor: "var(--calm)" },
  ".cm-tooltip": {
    backgroundColor: "var(--sheet)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: ".4rem",
    padding: ".4rem .6rem",
    maxWidth: "26rem",
    font: ".85rem/1.45 system-ui, sans-serif",
  },
  ".cm-panels": { backgroundColor: "var(--page)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-textfield": { backgroundColor: "var(--sheet)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--code)", color: "var(--ink)", border: "1px solid var(--line)" },
});

const colors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--link)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.labelName, tags.typeName], color: "var(--warn)" },
]);

// Colors only, from one token to the next: a parser of YAML's whole grammar overflows the stack at some nesting.
const yaml = StreamLanguage.define({
  token(stream) {
    if (stream.sol() && stream.match(/^(?:---|\.\.\.)(?=\s|$)/)) return "keyword";
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    const isKey = () => stream.match(/^\s{0,20}:(?=\s|$)/, false);
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'[^']*'?/)) return isKey() ? "propertyName" : "string";
    if (stream.match(/^[&*!][^\s,[\]{}]*/)) return "labelName";
    if (stream.match(/^[^\s,[\]{}:#-][^,[\]{}:#]{0,200}?(?=:(?:\s|$))/)) return "propertyName";
    if (!stream.match(/^[^\s,[\]{}:]+/)) stream.next();
    return null;
  },
});

const setMarks = StateEffect.define();

// A finding with a position: { from, to, severity, message }.
const marks = StateField.define({
  create: () => ({ list: [], decorations: Decoration.none, signs: RangeSet.empty }),
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) return built(transaction.state.doc, effect.value);
    }
    if (!transaction.docChanged) return value;
    const { changes } = transaction;
    return {
      list: value.list.map((mark) => ({ ...mark, from: changes.mapPos(mark.from), to: changes.mapPos(mark.to) })),
      decorations: value.decorations.map(changes),
      signs: value.signs.map(changes),
    };
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.decorations),
});

class Sign extends GutterMarker {
  constructor(severity) {
    super();
    this.severity = severity;
  }

  eq(other) {
    return other.severity === this.severity;
  }

  toDOM() {
    const sign = document.createElement("span");
    sign.className = `cm-sign-${this.severity}`;
    sign.textContent = SIGNS[this.severity];
    sign.title = this.severity;
    return sign;
  }
}

function built(doc, list) {
  const [decorations, signs] = [new RangeSetBuilder(), new RangeSetBuilder()];
  const sorted = [...list].sort((a, b) => a.from - b.from);
  for (let i = 0; i < sorted.length; ) {
    const line = doc.lineAt(sorted[i].from);
    const here = [];
    for (; i < sorted.length && sorted[i].from <= line.to; i++) here.push(sorted[i]);
    const worst = SEVERITIES.find((severity) => here.some((mark) => mark.severity === severity));
    decorations.add(line.from, line.from, Decoration.line({ class: `cm-line-${worst}` }));
    signs.add(line.from, line.from, new Sign(worst));
    for (const { from, to, severity } of here) {
      if (to > from) decorations.add(from, to, Decoration.mark({ class: `cm-mark cm-mark-${severity}` }));
    }
  }
  return { list: sorted, decorations: decorations.finish(), signs: signs.finish() };
}

const tooltip = hoverTooltip((view, at) => {
  const found = view.state.field(marks).list.filter((mark) => mark.from <= at && at <= mark.to);
  if (found.length === 0) return null;
  return {
    pos: found[0].from,
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-findings";
      for (const mark of found.slice(0, 5)) {
        dom.append(Object.assign(document.createElement("div"), { textContent: `${mark.severity}: ${mark.message}` }));
      }
      return { dom };
    },
  };
});

// Moves to the next finding after the cursor, or before it.
function jump(step) {
  return (view) => {
    const { list } = view.state.field(marks);
    if (list.length === 0) return false;
    const at = view.state.selection.main.head;
    const next = step > 0 ? list.find((mark) => mark.from > at) ?? list[0] : list.findLast((mark) => mark.from < at) ?? list.at(-1);
    view.dispatch({ selection: { anchor: next.from }, scrollIntoView: true });
    return true;
  };
}

// A browser that replaces selected text by itself keeps its style in a style attribute, which the page's policy
// forbids.
const typeOverSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    if (event.inputType !== "insertText" || !event.data || view.composing || state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(state.update(state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true }));
    return true;
  },
});

const keys = [
  { key: "F8", run: jump(1), shift: jump(-1) },
  ...searchKeymap,
  ...historyKeymap,
  ...defaultKeymap,
];

export class Editor {
  constructor(host, label, onChange) {
    const root = host.attachShadow({ mode: "open" });
    const parent = root.appendChild(document.createElement("div"));
    parent.style.height = "100%";
    const extensions = [
      lineNumbers(),
      gutter({ class: "cm-signs", markers: (view) => view.state.field(marks).signs, initialSpacer: () => new Sign("note") }),
      marks,
      tooltip,
      history(),
      drawSelection(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      search({ top: true }),
      indentUnit.of("  "),
      yaml,
      syntaxHighlighting(colors),
      keymap.of(keys),
      typeOverSelection,
      theme,
      EditorView.contentAttributes.of({ "aria-label": `${label}, YAML or JSON. Tab leaves the editor.` }),
      EditorView.updateListener.of((update) => update.docChanged && onChange()),
    ];
    this.view = new EditorView({ parent, root, state: EditorState.create({ extensions }) });
    host.editor = this.view;
  }

  get length() {
    return this.view.state.doc.length;
  }

  get text() {
    return this.view.state.doc.toString();
  }

  // Replaces only what differs, so that the cursor stays where it is; it can be undone.
  set text(text) {
    const old = this.text;
    text = text.replace(/\r\n?/g, "\n");
    let from = 0;
    const shorter = Math.min(old.length, text.length);
    while (from < shorter && old[from] === text[from]) from++;
    let end = 0;
    while (end < shorter - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    if (from === old.length && from === text.length) return;
    this.view.dispatch({ changes: { from, to: old.length - end, insert: text.slice(from, text.length - end) } });
  }

  focus() {
    this.view.focus();
  }

  // The offset of a line and a column in characters, both from 1.
  offset(line, column) {
    const { doc } = this.view.state;
    const found = doc.line(Math.max(1, Math.min(line, doc.lines)));
    let at = 0;
    for (let left = column - 1; left > 0 && at < found.length; left--) {
      at += found.text.codePointAt(at) > 0xffff ? 2 : 1;
    }
    return found.from + at;
  }

  mark(findings) {
    const list = findings
      .filter(({ line }) => line !== null)
      .map(({ line, column, severity, message }) => {
        const from = this.offset(line, column ?? 1);
        // The word or value that begins there.
        const rest = this.view.state.doc.lineAt(from).text.slice(from - this.view.state.doc.lineAt(from).from);
        const word = /^(?:"[^"]*"|'[^']*'|[^\s,:[\]{}#]+|\S)/.exec(rest.slice(0, 200));
        return { from, to: from + (word ? word[0].length : 0), severity, message };
      });
    this.view.dispatch({ effects: setMarks.of(list) });
  }

  goTo(line, column) {
    const anchor = this.offset(line, column ?? 1);
    this.view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    this.focus();
  }

  apply(edits) {
    const changes = edits.map(({ start, end, content }) => ({
      from: this.offset(start.line, start.column),
      to: this.offset(end.line, end.column),
      insert: content,
    }));
    this.view.dispatch({ changes, userEvent: "input.fix" });
  }
}
