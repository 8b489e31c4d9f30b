// Base64 and compression.

export function decodeBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function decodeBase64Url(text) {
  return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

export function encodeBase64Url(bytes) {
  let binary = "";
  // The number of arguments of a function is limited.
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function through(bytes, stream, most) {
  const parts = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new Error(`more than ${most} bytes`);
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export const deflate = (bytes, format) => through(bytes, new CompressionStream(format), Infinity);

// Fails if there are more than `most` bytes.
export const inflate = (bytes, format, most) => through(bytes, new DecompressionStream(format), most);
