// Bytes as text, where there may be neither Node's Buffer nor Uint8Array.fromBase64.

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // A function takes some ten thousand arguments at once, not a million.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** null when the text is not base64, to the last padding sign. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    // "A===" has the right letters, and still says nothing.
    return null;
  }
}
