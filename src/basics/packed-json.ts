// JSON of values that hold bytes and infinite numbers, which JSON has no words for. For what we write and read ourselves: it gives back
// what was put in, and checks nothing.
import { fromBase64, toBase64 } from './base64.ts';

/** Keys that no value of ours has. */
const bytesKey = '$bytes';
const numberKey = '$number';

export function packJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Uint8Array) return { [bytesKey]: toBase64(part) };
    if (typeof part === 'number' && !Number.isFinite(part)) return { [numberKey]: String(part) };
    return part;
  });
}

/** @throws SyntaxError */
export function unpackJson(text: string): unknown {
  return JSON.parse(text, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    if (bytesKey in part) return fromBase64(String(part[bytesKey])) ?? new Uint8Array();
    if (numberKey in part) return Number(part[numberKey]);
    return part;
  });
}
