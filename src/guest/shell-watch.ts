// What the shell on a console does, by the marks in its output: it waits at its prompt, or a command runs.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import type { Console } from './guest.ts';
import { Listeners } from './listeners.ts';
import { ShellMarkReader } from './shell-marks.ts';
import { typedIn, withoutBlanks } from './typed-line.ts';

export type ShellState =
  /** No mark has come since it began, or since its machine began anew. `renewed`: what its terminal showed is void as well. */
  | { readonly kind: 'unknown'; readonly renewed?: true }
  /** `status`: with which the last command ended, as far as it said so. */
  | { readonly kind: 'prompt'; readonly status: number | null }
  /** `since`: ms of performance.now(). `command`: as it was typed, "" when that is not known. */
  | { readonly kind: 'busy'; readonly since: number; readonly command: string };

/** A command that has ended. */
export interface ShellCommand {
  /** The how many-th since it is watched. */
  readonly number: number;
  /** What stood at the prompt when it began, without blanks; "" when that is not known. */
  readonly line: string;
  readonly status: number | null;
}

/** Bytes between a prompt and a command: more than anybody types. */
const longestLine = 8192;
const mostKept = 200;

export class ShellWatch {
  readonly #state = signal<ShellState>({ kind: 'unknown' });
  readonly #reader = new ShellMarkReader();
  readonly #now: () => number;
  readonly #end: () => void;
  #status: number | null = null;
  #begun = 0;
  #marked = false;
  /** What was printed since the prompt; null: none is there. */
  #shown: number[] | null = null;
  #line = '';
  readonly #ended: ShellCommand[] = [];
  readonly #listeners = new Listeners<ShellCommand>();

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

  /** Hands over the commands that have ended, and then each that does, before its prompt is told of. */
  onEnded(listener: (command: ShellCommand) => void): () => void {
    for (const command of this.#ended) listener(command);
    return this.#listeners.add(listener);
  }

  /** The shell that was watched is gone: its machine was switched off, or is another one now. */
  forget(): void {
    this.#begin({ kind: 'unknown' });
  }

  #begin(state: ShellState): void {
    this.#status = null;
    this.#shown = null;
    if (this.#state.peek().kind !== 'unknown' || this.#ended.length > 0) this.#state.value = state;
    this.#ended.length = 0;
  }

  dispose(): void {
    this.#end();
    this.#listeners.clear();
  }

  #read(bytes: Uint8Array): void {
    let from = 0;
    for (const { mark, end } of this.#reader.find(bytes)) {
      this.#show(bytes.subarray(from, end));
      from = end;
      if (mark.kind === 'renewed') {
        this.#begin({ kind: 'unknown', renewed: true });
        continue;
      }
      this.#marked = true;
      if (mark.kind === 'begins') this.#commandBegins();
      else if (mark.kind === 'ended') this.#status = mark.status;
      else this.#promptComes();
    }
    this.#show(bytes.subarray(from));
  }

  #show(bytes: Uint8Array): void {
    if (this.#shown !== null && this.#shown.length < longestLine) this.#shown.push(...bytes.subarray(0, longestLine));
  }

  #commandBegins(): void {
    this.#begun++;
    const shown = new TextDecoder().decode(Uint8Array.from(this.#shown ?? []));
    this.#line = withoutBlanks(shown);
    this.#shown = null;
    this.#state.value = { kind: 'busy', since: this.#now(), command: typedIn(shown) };
  }

  #promptComes(): void {
    if (this.#state.peek().kind === 'busy') {
      const command = { number: this.#begun, line: this.#line, status: this.#status };
      this.#ended.push(command);
      if (this.#ended.length > mostKept) this.#ended.shift();
      this.#listeners.emit(command);
    }
    this.#shown = [];
    this.#state.value = { kind: 'prompt', status: this.#status };
  }
}
