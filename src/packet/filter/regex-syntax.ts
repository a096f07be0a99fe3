// Regular expressions as Wireshark takes them (PCRE2), as far as they are regular: no back references, nothing that looks
// ahead or behind. What is left out is refused with a word on it, never taken for something else.
import type { Span } from './syntax.ts';

export type Assertion = 'start' | 'end' | 'line start' | 'line end' | 'before last newline' | 'word edge' | 'inside';

export type Node =
  /** One byte of a set: a table of 256 flags. */
  | { readonly kind: 'set'; readonly set: Uint8Array }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

/** `at` and `length` are in characters of the pattern. */
export class RegexFault extends Error {
  readonly span: Span;
  constructor(at: number, length: number, message: string) {
    super(message);
    this.span = { at, length };
  }
}

/** PCRE2's own bounds (pcre2limits). */
const DEEPEST = 250;
const MOST_REPEATS = 65_535;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** Reads a pattern whose characters are bytes. Case is ignored unless (?-i) says otherwise, as in Wireshark. Throws RegexFault. */
export function parseRegex(pattern: string): Node {
  const parser = new RegexParser(pattern);
  return parser.whole();
}

class RegexParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: true, multiLine: false, dotAll: false };

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#fault(1, 'This parenthesis closes nothing.');
    return node;
  }

  #choice(): Node {
    const of = [this.#sequence()];
    while (this.#takes('|')) of.push(this.#sequence());
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'choice', of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (this.#at < this.#text.length && this.#peek !== '|' && this.#peek !== ')') {
      const atom = this.#atom();
      if (atom !== null) of.push(this.#repeated(atom));
    }
    return { kind: 'sequence', of };
  }

  #repeated(atom: Node): Node {
    const start = this.#at;
    const bounds = this.#bounds();
    if (bounds === null) return atom;
    if (atom.kind === 'assert') throw this.#faultAt(start, 'There is nothing here that could be repeated.');
    // Whether as much or as little as possible is taken does not change whether there is a match.
    if (!this.#takes('?') && this.#peek === '+')
      throw this.#fault(1, 'Possessive repeats (a++) are not known here: write a+.');
    return { kind: 'repeat', of: atom, ...bounds };
  }

  #bounds(): { readonly min: number; readonly max: number } | null {
    if (this.#takes('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#takes('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#takes('?')) return { min: 0, max: 1 };
    const braces = /^\{(\d{1,5})(,?)(\d{0,5})\}/.exec(this.#text.slice(this.#at, this.#at + 14));
    if (braces === null) return null;
    const [all, from = '', comma, to = ''] = braces;
    const min = Number(from);
    const max = comma === '' ? min : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (comma === '' && to !== '') return null;
    if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Number.POSITIVE_INFINITY) || max < min)
      throw this.#fault(all.length, `${all} cannot be: the numbers go up, to ${MOST_REPEATS} at most.`);
    this.#at += all.length;
    return { min, max };
  }

  /** null: a group that only changes flags, or a comment. */
  #atom(): Node | null {
    const start = this.#at;
    const character = this.#text[this.#at++] ?? '';
    switch (character) {
      case '(':
        return this.#group(start);
      case '[':
        return { kind: 'set', set: this.#class(start) };
      case '.':
        return { kind: 'set', set: this.#flags.dotAll ? filled() : except(setOf('\n')) };
      case '^':
        return { kind: 'assert', assertion: this.#flags.multiLine ? 'line start' : 'start' };
      case '$':
        return { kind: 'assert', assertion: this.#flags.multiLine ? 'line end' : 'before last newline' };
      case '\\':
        return this.#escape(start);
      case '*':
      case '+':
      case '?':
        throw this.#faultAt(start, `"${character}" repeats what stands before it, and nothing does.`);
      default:
        return this.#literal(character);
    }
  }

  #group(start: number): Node | null {
    const before = this.#flags;
    if (this.#takes('?')) {
      const named = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(this.#text.slice(this.#at, this.#at + 130));
      const flags = /^([ims]*)(?:-([ims]*))?([:)])/.exec(this.#text.slice(this.#at, this.#at + 20));
      if (this.#takes('#')) {
        const end = this.#text.indexOf(')', this.#at);
        if (end < 0) throw this.#faultAt(start, 'This comment is never closed.');
        this.#at = end + 1;
        return null;
      }
      if (named !== null) this.#at += named[0].length;
      else if (flags !== null) {
        const [all, on = '', off = '', end] = flags;
        this.#at += all.length;
        this.#flags = withFlags(withFlags(this.#flags, on, true), off, false);
        if (end === ')') return null; // until the group around it ends
      } else {
        const what = this.#text.slice(start, this.#at + 2);
        throw new RegexFault(
          start,
          what.length,
          `"${what}" is not known here: no looking ahead or behind, no conditions.`,
        );
      }
    }
    if (++this.#depth > DEEPEST) throw this.#faultAt(start, `More than ${DEEPEST} groups inside each other.`);
    const inner = this.#choice();
    this.#depth--;
    if (!this.#takes(')')) throw this.#faultAt(start, 'This parenthesis is never closed.');
    this.#flags = before;
    return inner;
  }

  #escape(start: number): Node {
    const character = this.#text[this.#at++];
    if (character === undefined) throw this.#faultAt(start, 'A backslash cannot be the last character.');
    const assertion = ASSERTIONS[character];
    if (assertion !== undefined) return { kind: 'assert', assertion };
    if (character === 'Q') {
      const end = this.#text.indexOf('\\E', this.#at);
      const quoted = this.#text.slice(this.#at, end < 0 ? undefined : end);
      this.#at += quoted.length + (end < 0 ? 0 : 2);
      return { kind: 'sequence', of: Array.from(quoted, (each) => this.#literal(each)) };
    }
    if (character === 'E') return { kind: 'sequence', of: [] };
    const named = CLASSES[character];
    if (named !== undefined) return { kind: 'set', set: named };
    return this.#literal(String.fromCharCode(this.#code(start, character)));
  }

  /** The byte that an escape stands for, inside brackets or outside. */
  #code(start: number, character: string): number {
    const simple = CONTROLS[character];
    if (simple !== undefined) return simple;
    const rest = this.#text.slice(this.#at, this.#at + 6);
    if (character === 'x') {
      const digits = /^\{([0-9a-fA-F]{1,2})\}|^([0-9a-fA-F]{0,2})/.exec(rest);
      this.#at += digits?.[0].length ?? 0;
      return Number.parseInt(`0${digits?.[1] ?? digits?.[2] ?? ''}`, 16);
    }
    if (character === '0') {
      const digits = /^[0-7]{0,2}/.exec(rest)?.[0] ?? '';
      this.#at += digits.length;
      return Number.parseInt(`0${digits}`, 8);
    }
    if (/[1-9gk]/.test(character)) throw this.#faultAt(start, 'References to groups are not known here.');
    if (/\w/.test(character)) throw this.#faultAt(start, `\\${character} is not known here.`);
    return character.charCodeAt(0);
  }

  #class(start: number): Uint8Array {
    const negated = this.#takes('^');
    const set = new Uint8Array(256);
    let first = true;
    for (;;) {
      if (this.#at >= this.#text.length) throw this.#faultAt(start, 'This bracket is never closed.');
      if (this.#peek === ']' && !first) break;
      first = false;
      const from = this.#member(set);
      if (from === null || this.#peek !== '-' || this.#text[this.#at + 1] === ']') continue;
      const at = this.#at++;
      const to = this.#member(set);
      if (to === null)
        set[0x2d] = 1; // [\d-\w]: a hyphen like any other
      else if (to < from) throw new RegexFault(at, 1, 'This range ends before it begins.');
      else set.fill(1, from, to + 1);
    }
    this.#at++;
    const folded = this.#flags.ignoreCase ? folding(set) : set;
    return negated ? except(folded) : folded;
  }

  /** Puts one member of a class into the set; its code, or null when it was more than one character. */
  #member(set: Uint8Array): number | null {
    const start = this.#at;
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 12));
    if (posix !== null) {
      const [all, not, name = ''] = posix;
      const named = POSIX[name];
      if (named === undefined) throw this.#faultAt(start, `There is no class ${all}.`);
      this.#at += all.length;
      return addTo(set, not === '^' ? except(named) : named);
    }
    const character = this.#text[this.#at++] ?? '';
    if (character !== '\\') return this.#addOne(set, character.charCodeAt(0));
    const escaped = this.#text[this.#at++];
    if (escaped === undefined) throw this.#faultAt(start, 'A backslash cannot be the last character.');
    const named = CLASSES[escaped];
    if (named !== undefined) return addTo(set, named);
    return this.#addOne(set, escaped === 'b' ? 8 : this.#code(start, escaped));
  }

  #addOne(set: Uint8Array, code: number): number {
    set[code & 0xff] = 1;
    return code & 0xff;
  }

  #literal(character: string): Node {
    const set = setOf(character);
    return { kind: 'set', set: this.#flags.ignoreCase ? folding(set) : set };
  }

  get #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #takes(text: string): boolean {
    if (this.#peek !== text) return false;
    this.#at++;
    return true;
  }

  #fault(length: number, message: string): RegexFault {
    return new RegexFault(this.#at, length, message);
  }

  /** From `start` to here. */
  #faultAt(start: number, message: string): RegexFault {
    return new RegexFault(start, Math.max(this.#at - start, 1), message);
  }
}

function withFlags(flags: Flags, letters: string, value: boolean): Flags {
  return {
    ignoreCase: letters.includes('i') ? value : flags.ignoreCase,
    multiLine: letters.includes('m') ? value : flags.multiLine,
    dotAll: letters.includes('s') ? value : flags.dotAll,
  };
}

const filled = (): Uint8Array => new Uint8Array(256).fill(1);
const except = (set: Uint8Array): Uint8Array => set.map((flag) => 1 - flag);

function setOf(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) set[characters.charCodeAt(i) & 0xff] = 1;
  return set;
}

function ranges(...pairs: readonly string[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const pair of pairs) set.fill(1, pair.charCodeAt(0), pair.charCodeAt(1) + 1);
  return set;
}

function addTo(set: Uint8Array, more: Uint8Array): null {
  for (let i = 0; i < 256; i++) set[i] = (set[i] ?? 0) | (more[i] ?? 0);
  return null;
}

/** Both cases of every letter that is in the set. */
function folding(set: Uint8Array): Uint8Array {
  const folded = set.slice();
  for (let lower = 0x61; lower <= 0x7a; lower++) {
    const either = (set[lower] ?? 0) | (set[lower - 32] ?? 0);
    folded[lower] = either;
    folded[lower - 32] = either;
  }
  return folded;
}

const DIGITS = ranges('09');
const WORD = ranges('09', 'AZ', 'az', '__');
const SPACE = setOf(' \t\n\v\f\r');
const HORIZONTAL = setOf(' \t\u00a0');
const VERTICAL = setOf('\n\v\f\r\u0085');

/** Whether a byte belongs to a word, for \b. */
export const isWordByte = (byte: number): boolean => WORD[byte] === 1;

const CLASSES: Readonly<Record<string, Uint8Array>> = {
  d: DIGITS,
  D: except(DIGITS),
  w: WORD,
  W: except(WORD),
  s: SPACE,
  S: except(SPACE),
  h: HORIZONTAL,
  H: except(HORIZONTAL),
  v: VERTICAL,
  V: except(VERTICAL),
  N: except(setOf('\n')),
};

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'start',
  z: 'end',
  Z: 'before last newline',
  b: 'word edge',
  B: 'inside',
};

const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

const POSIX: Readonly<Record<string, Uint8Array>> = {
  alpha: ranges('AZ', 'az'),
  digit: DIGITS,
  alnum: ranges('09', 'AZ', 'az'),
  upper: ranges('AZ'),
  lower: ranges('az'),
  word: WORD,
  space: SPACE,
  blank: setOf(' \t'),
  punct: ranges('!/', ':@', '[`', '{~'),
  xdigit: ranges('09', 'AF', 'af'),
  cntrl: ranges('\u0000\u001f', '\u007f\u007f'),
  print: ranges(' ~'),
  graph: ranges('!~'),
  ascii: ranges('\u0000\u007f'),
};
