import type { Unsubscribe } from '../wire/frame-port.ts';
import type { Console } from './guest.ts';
import { Listeners } from './listeners.ts';

// What a terminal that opens late is shown of the past.
const backlogBytes = 256 * 1024;

/** A terminal of the machine: keeps what was printed for whoever attaches later. */
export class GuestConsole implements Console {
  readonly index: number;
  readonly #listeners = new Listeners<Uint8Array>();
  readonly #inputs = new Listeners<Uint8Array>();
  readonly #backlog: Uint8Array[] = [];
  #backlogLength = 0;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #resize: (columns: number, rows: number) => void;
  #size: readonly [number, number] | undefined;

  constructor(index: number, send: (bytes: Uint8Array) => void, resize: (columns: number, rows: number) => void) {
    this.index = index;
    this.#send = send;
    this.#resize = resize;
  }

  onOutput(listener: (bytes: Uint8Array) => void): Unsubscribe {
    for (const bytes of this.#backlog) listener(bytes);
    return this.#listeners.add(listener);
  }

  onInput(listener: (bytes: Uint8Array) => void): Unsubscribe {
    return this.#inputs.add(listener);
  }

  write(bytes: Uint8Array): void {
    this.#inputs.emit(bytes);
    this.#send(bytes);
  }

  resize(columns: number, rows: number): void {
    if (!(columns >= 1 && rows >= 1)) return;
    this.#size = [columns, rows];
    this.#resize(columns, rows);
  }

  /** After a (re)start: the guest has forgotten the size. */
  restoreSize(): void {
    if (this.#size !== undefined) this.#resize(...this.#size);
  }

  receive(bytes: Uint8Array): void {
    this.#backlog.push(bytes);
    this.#backlogLength += bytes.length;
    while (this.#backlogLength > backlogBytes && this.#backlog.length > 1)
      this.#backlogLength -= this.#backlog.shift()?.length ?? 0;
    this.#listeners.emit(bytes);
  }

  /** What it was printed, as far back as it is kept. */
  shown(): readonly Uint8Array[] {
    return [...this.#backlog];
  }

  /** Other contents altogether: who is attached is told to forget all (RIS, ECMA-48 8.3.105). */
  replace(shown: readonly Uint8Array[]): void {
    this.clear();
    this.receive(Uint8Array.of(0x1b, 0x63));
    for (const bytes of shown) this.receive(bytes);
  }

  clear(): void {
    this.#backlog.length = 0;
    this.#backlogLength = 0;
  }

  dispose(): void {
    this.clear();
    this.#listeners.clear();
    this.#inputs.clear();
  }
}
