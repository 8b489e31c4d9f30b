// Puts everything into one page: node build.mjs WASM CRATES PAGE
// WASM is the compiled command, CRATES a list of the crates in it with their licenses.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { runCommand } from "./src/command.js";

const [wasmFile, cratesFile, pageFile] = process.argv.slice(2);
const here = (name) => new URL(name, import.meta.url);
const read = (name) => readFileSync(here(name), "utf8");

const wasm = readFileSync(wasmFile);
const module = await WebAssembly.compile(wasm);

async function run(...args) {
  const files = { "gateway.yaml": read("../examples/gateway.yaml") };
  return runCommand(module, { args, files });
}

// The first match; without one the page cannot be built.
function found(pattern, text) {
  const match = pattern.exec(text);
  if (!match) throw new Error(`${pattern} is not in ${text.slice(0, 500)}`);
  return match.slice(1);
}

async function bundled(name) {
  const { outputFiles, metafile } = await build({
    entryPoints: [here(name).pathname],
    bundle: true, minify: true, write: false, metafile: true, format: "iife", target: "es2022",
    charset: "utf8", legalComments: "none", loader: { ".yaml": "text" }, logLevel: "warning",
  });
  return { text: outputFiles[0].text.trim(), inputs: Object.keys(metafile.inputs) };
}

// The names of bundled packages and their license texts; equal texts are printed once.
function licenses(inputs) {
  const folders = new Set(inputs.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  const texts = new Map();
  for (const name of [...folders].sort()) {
    const folder = here(`node_modules/${name}/`);
    const { version, license } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    const file = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file)).sort().at(-1);
    if (!file) throw new Error(`${name} has no license text`);
    const text = readFileSync(new URL(file, folder), "utf8").trim();
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...texts].map(([text, names]) => `${names.join("\n")}\n\n${text}`).join("\n\n----\n\n");
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

// A frame has the policy of its page, too: the style of explain's pages is allowed by its hash.
const explained = await run("explain", "--format", "html", "gateway.yaml");
if (explained.status !== 0) throw new Error(explained.error);
const [explainStyle] = found(/<style>([^]*?)<\/style>/, explained.out);
// The colors are explain's.
const [palette] = found(/^(\n:root \{[^]*?\n\}\n@media [^{]*\{\n  :root \{[^]*?\n\}\n)/, explainStyle);
const style = `${palette}:root { --edge: color-mix(in srgb, var(--soft) 75%, var(--line)); }\n${read("page.css")}`;

const [oldest, newest] = found(/supported are 1\.(\d+) to 1\.(\d+)/, (await run("check", "--istio", "0", "gateway.yaml")).error).map(Number);
const versions = [];
for (let minor = newest; minor >= oldest; minor--) versions.push(`<option>1.${minor}</option>`);
const [version] = found(/^istio-gateway (\S+)/, (await run("--version")).out);

const [script, worker] = [await bundled("src/main.js"), await bundled("src/worker.js")];
for (const text of [script.text, worker.text, style]) {
  if (/<\/(script|style)/i.test(text)) throw new Error("a text would end its element");
}
const policy = [
  "default-src 'none'",
  `script-src ${hash(script.text)} 'wasm-unsafe-eval'`,
  `style-src ${hash(style)} ${hash(explainStyle)}`,
  "worker-src blob:",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const values = {
  policy,
  style,
  version,
  versions: versions.join(""),
  licenses: escaped(`${licenses([...script.inputs, ...worker.inputs])}\n\n----\n\nCrates:\n\n${readFileSync(cratesFile, "utf8")}`),
  wasm: gzipSync(wasm, { level: 9 }).toString("base64"),
  worker: worker.text,
  script: script.text,
};
const page = read("page.html").replace(/\{\{(\w+)\}\}/g, (_, name) => {
  if (values[name] === undefined) throw new Error(`no value of ${name}`);
  return values[name];
});
writeFileSync(pageFile, page);
