// The part of a link after `#`: everything on the page, compressed. Browsers do not send it to a server.

import { decodeBase64Url, deflate, encodeBase64Url, inflate } from "./bytes.js";

const PREFIX = "#1.";

// `state` has strings only.
export async function toHash(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  return PREFIX + encodeBase64Url(await deflate(bytes, "deflate-raw"));
}

// The state of a hash, or undefined if it holds none; it fails if the hash is damaged. Of an unknown link
// only the known strings are taken.
export async function fromHash(hash, names, most) {
  if (!hash.startsWith(PREFIX)) return undefined;
  const bytes = await inflate(decodeBase64Url(hash.slice(PREFIX.length)), "deflate-raw", most);
  const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (typeof value !== "object" || value === null) throw new Error("not an object");
  return Object.fromEntries(names.filter((name) => typeof value[name] === "string").map((name) => [name, value[name]]));
}
