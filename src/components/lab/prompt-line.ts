// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what keys send
// What the reader's keys have left at a shell's prompt: a line that was begun there must not be joined with a command that
// is typed for them.
import type { Console } from '../../guest/guest.ts';

/**
 * readline's Ctrl-A and Ctrl-K: to the beginning of the line, and kill to its end. What is killed is kept, and Ctrl-Y brings it
 * back. (Ctrl-U at the end of the line would do the same, but rings the bell when the line is empty.)
 */
export const clearLine = '\x01\x0b';

/** What a terminal answers by itself: where the cursor is, what it can do, that it has the focus. */
const answers = /\x1b\[[?>]?[\d;]*[cnRIO]/g;
/** Enter, and the key that gives up a line (Ctrl-C). */
const ends = /[\r\n\x03]/;

export class PromptLine {
  readonly #end: () => void;
  #ours = false;
  #touched = false;
  #begun = false;
  #openSince: number | undefined;

  constructor(console: Console) {
    const decoder = new TextDecoder();
    this.#end = console.onInput((bytes) => {
      if (!this.#ours) this.#typed(decoder.decode(bytes, { stream: true }));
    });
  }

  /** Something was typed since the last Enter: it may stand there still, or have been wiped out again. */
  get isTouched(): boolean {
    return this.#touched;
  }

  /** Something was typed since the prompt came, of which something may stand there. */
  get isBegun(): boolean {
    return this.#begun;
  }

  /** Enter was pressed, and the shell has answered neither with a command that begins nor with a prompt. */
  get isOpen(): boolean {
    return this.#openSince !== undefined;
  }

  /** ms since that Enter. */
  get openFor(): number {
    return this.#openSince === undefined ? 0 : performance.now() - this.#openSince;
  }

  /** What is written meanwhile is not the reader's. */
  byUs(write: () => void): void {
    this.#ours = true;
    try {
      write();
    } finally {
      this.#ours = false;
    }
    // It ends with Enter.
    this.#touched = this.#begun = false;
  }

  /** The shell has begun a command, or is at its prompt again. */
  answered(): void {
    this.#openSince = undefined;
    this.#begun = false;
  }

  forget(): void {
    this.#touched = this.#begun = false;
    this.#openSince = undefined;
  }

  dispose(): void {
    this.#end();
  }

  #typed(text: string): void {
    const keys = text.replaceAll(answers, '');
    if (keys === '') return;
    const after = keys.split(ends).at(-1) ?? '';
    this.#touched = this.#begun = after !== '';
    if (after.length < keys.length) this.#openSince = performance.now();
  }
}
