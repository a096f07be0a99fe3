// What the shell on a console does, by the marks in its output: it waits at its prompt, or a command runs.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import type { Console } from './guest.ts';
import { ShellMarkReader } from './shell-marks.ts';

export type ShellState =
  /** No mark has come since it began, or since its machine began anew. */
  | { readonly kind: 'unknown' }
  /** `status`: with which the last command ended, as far as it said so. */
  | { readonly kind: 'prompt'; readonly status: number | null }
  /** `since`: ms of performance.now(). */
  | { readonly kind: 'busy'; readonly since: number };

export class ShellWatch {
  readonly #state = signal<ShellState>({ kind: 'unknown' });
  readonly #reader = new ShellMarkReader();
  readonly #now: () => number;
  readonly #end: () => void;
  #status: number | null = null;
  #begun = 0;
  #marked = false;

  constructor(console: Console, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#end = console.onOutput((bytes) => this.#read(bytes));
  }

  /** Each prompt and each command is another object, so that whoever listens hears of all of them. */
  get state(): ReadonlySignal<ShellState> {
    return this.#state;
  }

  /** How many commands have begun since it is watched: the number of the last one. */
  get begun(): number {
    return this.#begun;
  }

  /** This shell leaves marks: they have come before, or come now. */
  get marked(): boolean {
    return this.#marked;
  }

  /** The shell that was watched is gone: its machine was switched off, or is another one now. */
  forget(): void {
    this.#status = null;
    if (this.#state.peek().kind !== 'unknown') this.#state.value = { kind: 'unknown' };
  }

  dispose(): void {
    this.#end();
  }

  #read(bytes: Uint8Array): void {
    for (const mark of this.#reader.read(bytes)) {
      if (mark.kind === 'renewed') {
        this.forget();
        continue;
      }
      this.#marked = true;
      if (mark.kind === 'begins') {
        this.#begun++;
        this.#state.value = { kind: 'busy', since: this.#now() };
      } else if (mark.kind === 'ended') this.#status = mark.status;
      else this.#state.value = { kind: 'prompt', status: this.#status };
    }
  }
}
