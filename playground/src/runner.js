// Runs the command in a worker, so that the page stays responsive and a run can be stopped.

import { decodeBase64, inflate } from "./bytes.js";

const MOST_WASM = 64 << 20;
// After so many milliseconds a run is stopped.
const TIME_LIMIT = 60_000;

// The promise of a run that was stopped is rejected with this.
export class Stopped extends Error {}

// The module of an element that holds it compressed, in base64.
export async function compiled(element) {
  const bytes = await inflate(decodeBase64(element.textContent.trim()), "gzip", MOST_WASM);
  element.remove();
  return WebAssembly.compile(bytes);
}

export class Runner {
  #module;
  #workerUrl;
  #worker;
  #number = 0;
  #current;

  // A promise of the module, and the URL of the worker's code.
  constructor(module, workerUrl) {
    this.#module = module;
    this.#workerUrl = workerUrl;
  }

  // Runs a command; a run that has not ended is stopped first.
  async run(request) {
    const number = ++this.#number;
    this.stop();
    const module = await this.#module;
    if (number !== this.#number) throw new Stopped("replaced");
    this.#worker ??= this.#newWorker(module);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.stop(`stopped after ${TIME_LIMIT / 1000} seconds`), TIME_LIMIT);
      this.#current = { number, resolve, reject, timer };
      this.#worker.postMessage({ number, request });
    });
  }

  // Stops the run, if there is one.
  stop(reason = "stopped") {
    if (!this.#current) return;
    const { reject, timer } = this.#current;
    clearTimeout(timer);
    this.#current = undefined;
    this.#worker.terminate();
    this.#worker = undefined;
    reject(new Stopped(reason));
  }

  #newWorker(module) {
    const worker = new Worker(this.#workerUrl);
    worker.onmessage = ({ data }) => this.#end(data);
    worker.onerror = (event) => this.#end({ number: this.#current?.number, failure: event.message });
    worker.postMessage(module);
    return worker;
  }

  #end({ number, failure, ...result }) {
    if (!this.#current || number !== this.#current.number) return;
    const { resolve, reject, timer } = this.#current;
    clearTimeout(timer);
    this.#current = undefined;
    if (failure === undefined) {
      resolve(result);
    } else {
      reject(new Error(failure));
    }
  }
}
