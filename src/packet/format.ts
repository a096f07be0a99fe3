// Addresses and bytes as Wireshark prints them. Hot paths: the tables keep toString(16) and padStart out of them.

const HEX: readonly string[] = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, value) => String(value));

const hex = (byte: number | undefined): string => HEX[byte ?? 0] as string;
const decimal = (byte: number | undefined): string => DECIMAL[byte ?? 0] as string;

/** Six bytes from `at` as "02:42:ac:11:00:02". The caller has checked that they are there. */
export function formatMac(bytes: Uint8Array, at: number): string {
  return `${hex(bytes[at])}:${hex(bytes[at + 1])}:${hex(bytes[at + 2])}:${hex(bytes[at + 3])}:${hex(bytes[at + 4])}:${hex(bytes[at + 5])}`;
}

/** Four bytes from `at` as "172.17.0.2". */
export function formatIpv4(bytes: Uint8Array, at: number): string {
  return `${decimal(bytes[at])}.${decimal(bytes[at + 1])}.${decimal(bytes[at + 2])}.${decimal(bytes[at + 3])}`;
}

/** Sixteen bytes from `at` in the canonical text of RFC 5952: longest run of zero groups shortened, the first of equals. */
export function formatIpv6(bytes: Uint8Array, at: number): string {
  let start = -1;
  let run = 1; // RFC 5952 section 4.2.2: one zero group alone is not shortened
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groupAt(bytes, at, j) === 0) j++;
    if (j - i > run) {
      start = i;
      run = j - i;
    }
    if (j > i) i = j;
  }
  // IPv4-mapped and IPv4-compatible addresses end in dotted decimals (RFC 4291 section 2.5.5, and inet_ntop).
  const embedsIpv4 = start === 0 && (run === 6 || (run === 5 && groupAt(bytes, at, 5) === 0xffff));
  const count = embedsIpv4 ? 6 : 8;
  let text = '';
  for (let i = 0; i < count; i++) {
    if (i === start) {
      text += '::';
      i += run - 1;
    } else {
      text += i === 0 || i === start + run ? '' : ':';
      text += groupAt(bytes, at, i).toString(16);
    }
  }
  if (!embedsIpv4) return text;
  return `${text}${run === 6 ? '' : ':'}${formatIpv4(bytes, at + 12)}`;
}

const groupAt = (bytes: Uint8Array, at: number, i: number): number =>
  ((bytes[at + 2 * i] ?? 0) << 8) | (bytes[at + 2 * i + 1] ?? 0);

/** `length` bytes from `at` as "0a0b0c". */
export function formatHex(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  const end = Math.min(at + length, bytes.length);
  for (let i = at; i < end; i++) text += hex(bytes[i]);
  return text;
}

/** A number as "0x0800", with at least `digits` digits. */
export function formatHexNumber(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Bytes as text, one character a byte; control characters are escaped as C writes them, so that a line stays a line. */
export function formatText(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  const end = Math.min(at + length, bytes.length);
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += ESCAPES.get(byte) ?? `\\x${hex(byte)}`;
  }
  return text;
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);
