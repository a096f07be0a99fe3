// What is written beside something else that is shown: kept until that is over, then passed on as it comes.
import type { Output } from '../progress/render.ts';

export class HeldOutput implements Output {
  readonly #to: Output;
  #kept: string[] | null = [];

  constructor(to: Output) {
    this.#to = to;
  }

  write(text: string): void {
    if (this.#kept === null) this.#to.write(text);
    else this.#kept.push(text);
  }

  /** From now on nothing is kept. */
  release(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    for (const text of kept) this.#to.write(text);
  }
}
