// How long something has taken, without the time in which it was held.
export class Stopwatch {
  #ran = 0;
  /** ms of performance.now(); undefined while it is held. */
  #since: number | undefined = performance.now();

  get seconds(): number {
    return (this.#ran + (this.#since === undefined ? 0 : performance.now() - this.#since)) / 1000;
  }

  /** From nothing; held if it is. */
  restart(): void {
    this.#ran = 0;
    if (this.#since !== undefined) this.#since = performance.now();
  }

  hold(): void {
    if (this.#since === undefined) return;
    this.#ran += performance.now() - this.#since;
    this.#since = undefined;
  }

  run(): void {
    this.#since ??= performance.now();
  }
}
