// What waits for a buffer of the guest's driver. v86 drops what it is given while the guest has none ready
// (src/virtio_console.js, "TODO: Buffer"; src/virtio_net.js, "No buffer to write into!"), so it is kept here, in order.
import type { VirtQueue } from './v86-internals.ts';

const retryMilliseconds = 2;

export class InputQueue {
  readonly #queue: () => VirtQueue | undefined;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #capacity: number;
  #waiting: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those who wait until nothing waits. */
  #drained: (() => void)[] = [];

  /**
   * @param queue the guest's receive queue, asked for anew each time
   * @param send takes one piece, which fills one of the guest's buffers
   * @param capacity bytes that may wait; default: any
   */
  constructor(queue: () => VirtQueue | undefined, send: (bytes: Uint8Array) => void, capacity = Infinity) {
    this.#queue = queue;
    this.#send = send;
    this.#capacity = capacity;
  }

  /** False: too much waits already, and this is lost. */
  push(bytes: Uint8Array): boolean {
    if (this.#bytes + bytes.length > this.#capacity) return false;
    this.#bytes += bytes.length;
    this.#waiting.push(bytes);
    if (this.#timer === undefined) this.pump();
    return true;
  }

  /** Hands over what the guest has room for; the rest is tried again. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const queue = this.#queue();
    while (this.#head < this.#waiting.length && queue?.is_configured() && queue.has_request()) {
      const next = this.#waiting[this.#head++] as Uint8Array;
      this.#bytes -= next.length;
      this.#send(next);
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
      this.#tellDrained();
      return;
    }
    this.#timer = setTimeout(() => this.pump(), retryMilliseconds);
  }

  get idle(): boolean {
    return this.#head === this.#waiting.length;
  }

  /** Resolves when the guest's driver has taken everything, or it was thrown away. */
  drained(): Promise<void> {
    return this.idle ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#head = this.#bytes = 0;
    this.#tellDrained();
  }

  #tellDrained(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
