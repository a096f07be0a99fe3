// Reads the marks that a shell leaves in its output, as FinalTerm began it and many terminals do
// (https://gitlab.freedesktop.org/Per_Bothner/specifications/blob/master/proposals/semantic-prompts.md):
//   ESC ] 133 ; A BEL              a prompt comes
//   ESC ] 133 ; C BEL              a command begins
//   ESC ] 133 ; D ; <status> BEL   it has ended
// Pure, and of bytes that anybody may have printed: what is no mark is passed over, what is too long is forgotten.

export type ShellMark =
  | { readonly kind: 'prompt' }
  | { readonly kind: 'begins' }
  /** null: it did not say with which status. */
  | { readonly kind: 'ended'; readonly status: number | null }
  /** All that was shown before is void (RIS, `ESC c`). */
  | { readonly kind: 'renewed' };

const [BEL, CAN, SUB, ESC, BACKSLASH, BRACKET, SMALL_C] = [0x07, 0x18, 0x1a, 0x1b, 0x5c, 0x5d, 0x63];
/** Our marks are shorter; other programs' OSC strings may be of any length. */
const longest = 64;

export class ShellMarkReader {
  /** null: outside of an OSC string. */
  #string: number[] | null = null;
  #escaped = false;

  /** The marks that end in these bytes. A mark may begin in one piece and end in a later one. */
  read(bytes: Uint8Array): ShellMark[] {
    return this.find(bytes).map(({ mark }) => mark);
  }

  /** The same, each with where it ends: the index of the byte after it. */
  find(bytes: Uint8Array): { readonly mark: ShellMark; readonly end: number }[] {
    const found: { mark: ShellMark; end: number }[] = [];
    for (const [at, byte] of bytes.entries()) {
      const mark = this.#byte(byte);
      if (mark !== null) found.push({ mark, end: at + 1 });
    }
    return found;
  }

  #byte(byte: number): ShellMark | null {
    if (this.#escaped) {
      this.#escaped = byte === ESC;
      if (byte === BACKSLASH) return this.#end();
      this.#string = byte === BRACKET ? [] : null;
      return byte === SMALL_C ? { kind: 'renewed' } : null;
    }
    if (byte === ESC) this.#escaped = true;
    else if (byte === BEL) return this.#end();
    else if (byte === CAN || byte === SUB) this.#string = null;
    else if (this.#string !== null && this.#string.push(byte) > longest) this.#string = null;
    return null;
  }

  #end(): ShellMark | null {
    const string = this.#string;
    this.#string = null;
    return string === null ? null : markOf(String.fromCharCode(...string));
  }
}

function markOf(string: string): ShellMark | null {
  const found = /^133;([ACD])(?:;(.*))?$/s.exec(string);
  if (found === null) return null;
  if (found[1] === 'A') return { kind: 'prompt' };
  if (found[1] === 'C') return { kind: 'begins' };
  const status = /^\d{1,3}$/.test(found[2] ?? '') ? Number(found[2]) : null;
  return { kind: 'ended', status: status !== null && status <= 255 ? status : null };
}
