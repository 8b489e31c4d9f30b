// Runs the command, compiled for WASI, once: arguments and files in, both outputs and the exit status out.

import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI, WASIProcExit } from "@bjorn3/browser_wasi_shim";

// Collects what is written. More than `most` bytes end the run.
class Output {
  constructor(most) {
    this.parts = [];
    this.left = most;
  }

  fd() {
    return new ConsoleStdout((bytes) => {
      this.left -= bytes.length;
      if (this.left < 0) throw new Error("the output is too long");
      this.parts.push(bytes);
    });
  }

  text() {
    const decoder = new TextDecoder();
    return this.parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  }
}

const MOST_OUTPUT = 64 << 20;

// `files` has the text of each file by its name; they are in the current directory.
export async function runCommand(module, { args, files = {}, input = "" }) {
  const encoder = new TextEncoder();
  const contents = new Map(
    Object.entries(files).map(([name, text]) => [name, new File(encoder.encode(text), { readonly: true })]),
  );
  const [out, error] = [new Output(MOST_OUTPUT), new Output(MOST_OUTPUT)];
  const fds = [new OpenFile(new File(encoder.encode(input))), out.fd(), error.fd(), new PreopenDirectory(".", contents)];
  const wasi = new WASI(["istio-gateway", ...args], [], fds, { debug: false });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  let status;
  try {
    status = wasi.start(instance);
  } catch (thrown) {
    if (!(thrown instanceof WASIProcExit)) throw thrown;
    status = thrown.code;
  }
  return { status, out: out.text(), error: error.text() };
}
