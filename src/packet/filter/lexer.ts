// A filter's text -> tokens. Every character belongs to a token or is blank; what cannot be a token is a fault with its place.
import { FilterFault, type Span } from './syntax.ts';

export type Token = Span &
  (
    | { readonly kind: 'symbol'; readonly text: SymbolText }
    /** Fields, functions, numbers, addresses, bytes: which one it is depends on where it stands. */
    | { readonly kind: 'word'; readonly text: string }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'char'; readonly value: number }
    /** What stands between brackets, "0:3,5": its own little language (pieces.ts). */
    | { readonly kind: 'brackets'; readonly text: string }
    | { readonly kind: 'end' }
  );

/** The longest first. */
const SYMBOLS = [
  ...['===', '!==', '==', '!=', '~=', '<=', '>=', '&&', '||', '^^', '..'],
  ...['<', '>', '!', '~', '&', '+', '-', '*', '/', '%', '(', ')', '{', '}', ',', '#'],
] as const;
type SymbolText = (typeof SYMBOLS)[number];

const BLANK = /[ \t\r\n]+/y;
/** Dots only between other characters, so that ".." ends a word: {80..90}. A hyphen cannot be the first. */
const WORD = /[\w:][\w:-]*(?:\.[\w:-]+)*(?:\/\d+)?/y;
const BRACKETS = /\[([^\]]*)\]/y;

/** Throws FilterFault. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const blank = matchAt(BLANK, text, at);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.length;
  }
  tokens.push({ kind: 'end', at: text.length, length: 0 });
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function tokenAt(text: string, at: number): Token {
  const first = text[at];
  if (first === '"' || ((first === 'r' || first === 'R') && text[at + 1] === '"')) return stringAt(text, at);
  if (first === "'") return charAt(text, at);
  if (first === '[') {
    const brackets = matchAt(BRACKETS, text, at);
    if (brackets === null) throw new FilterFault({ at, length: 1 }, 'This bracket is never closed: a "]" is missing.');
    return { kind: 'brackets', text: brackets[1] ?? '', at, length: brackets[0].length };
  }
  const word = matchAt(WORD, text, at);
  if (word !== null) return { kind: 'word', text: word[0], at, length: word[0].length };
  const symbol = SYMBOLS.find((each) => text.startsWith(each, at));
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, at, length: symbol.length };
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  throw new FilterFault({ at, length: character.length }, `"${character}" means nothing here.${hint(character)}`);
}

const hint = (character: string): string =>
  character === '='
    ? ' Did you mean "=="?'
    : character === '|'
      ? ' Did you mean "||"?'
      : character === '“' || character === '”'
        ? ' Text stands between straight quotes: "…".'
        : '';

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  "'": 0x27,
  '"': 0x22,
  '\\': 0x5c,
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

/** "…" with C's escapes, or r"…" where a backslash is a backslash. Characters beyond ASCII become their UTF-8 bytes. */
function stringAt(text: string, start: number): Token {
  const raw = text[start] !== '"';
  let at = start + (raw ? 2 : 1);
  let value = '';
  while (at < text.length && text[at] !== '"') {
    if (text[at] !== '\\') {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      value += utf8(character);
      at += character.length;
    } else if (raw) {
      value += utf8(text.slice(at, at + 2));
      at += 2;
    } else {
      const { code, length } = escapeAt(text, at);
      value += String.fromCharCode(code);
      at += length;
    }
  }
  if (at >= text.length) {
    throw new FilterFault({ at: start, length: text.length - start }, 'This text is never closed: a quote is missing.');
  }
  return { kind: 'string', value, at: start, length: at + 1 - start };
}

/** A character constant, 'a' or '\x61': a number from 0 to 255. */
function charAt(text: string, start: number): Token {
  const escaped = text[start + 1] === '\\';
  const { code, length } = escaped ? escapeAt(text, start + 1) : { code: text.charCodeAt(start + 1), length: 1 };
  const end = start + 1 + length;
  if (text[end] !== "'" || !(code <= 0xff) || (!escaped && text[start + 1] === "'")) {
    const close = text.indexOf("'", start + 1);
    const span = { at: start, length: (close < 0 ? text.length : close + 1) - start };
    throw new FilterFault(
      span,
      'Between single quotes stands exactly one character. Text stands between double quotes.',
    );
  }
  return { kind: 'char', value: code, at: start, length: end + 1 - start };
}

function escapeAt(text: string, at: number): { readonly code: number; readonly length: number } {
  const number = matchAt(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3}))/y, text, at);
  if (number !== null) {
    const code = number[1] === undefined ? Number.parseInt(number[2] ?? '', 8) : Number.parseInt(number[1], 16);
    if (code <= 0xff) return { code, length: number[0].length };
    throw new FilterFault({ at, length: number[0].length }, `${number[0]} is larger than 255.`);
  }
  const code = SIMPLE_ESCAPES[text[at + 1] ?? ''];
  if (code !== undefined) return { code, length: 2 };
  const unknown = text.slice(at, at + 2);
  throw new FilterFault(
    { at, length: unknown.length },
    `${unknown} is not an escape. A backslash is written \\\\, or the text as r"…", where it needs no other.`,
  );
}

/** Strings are compared with the bytes of a packet: one character a byte. */
function utf8(text: string): string {
  let bytes = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes += character;
    else
      bytes += encodeURIComponent(isLone(code) ? '\ufffd' : character).replace(/%(..)/g, (_, hex: string) =>
        byteOf(hex),
      );
  }
  return bytes;
}

/** Half of a surrogate pair: no character of its own. */
const isLone = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
const byteOf = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));
