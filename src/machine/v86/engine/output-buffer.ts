/** Collects small writes of the guest into one buffer of its own, ready to be transferred. */
export class OutputBuffer {
  #bytes = new Uint8Array(4096);
  #length = 0;

  push(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  get empty(): boolean {
    return this.#length === 0;
  }

  /** Everything since the last call; undefined when there was nothing. */
  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }
}
