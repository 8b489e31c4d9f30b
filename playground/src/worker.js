// The worker: it gets the compiled module first, and then one request after another.

import { runCommand } from "./command.js";

let module;

onmessage = async ({ data }) => {
  if (data instanceof WebAssembly.Module) {
    module = data;
    return;
  }
  const { number, request } = data;
  try {
    postMessage({ number, ...(await runCommand(module, request)) });
  } catch (thrown) {
    postMessage({ number, failure: String(thrown) });
  }
};
