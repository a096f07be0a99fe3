// Bytes into the guest's virtio ports. v86 drops what it is given while the guest has no buffer ready
// (src/virtio_console.js, "TODO: Buffer"), so whatever waits is kept here, in order, until there is room.
import type { EmulatedConsole } from './v86-internals.ts';

// The guest's receive buffers are one page each (drivers/char/virtio_console.c, fill_queue).
const bufferBytes = 4096;
const retryMilliseconds = 2;

export class GuestPort {
  readonly #device: EmulatedConsole;
  readonly #queue: number;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #waiting: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(device: EmulatedConsole, port: number, send: (bytes: Uint8Array) => void) {
    this.#device = device;
    this.#queue = port === 0 ? 0 : port * 2 + 2;
    this.#send = send;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += bufferBytes) this.#waiting.push(bytes.slice(at, at + bufferBytes));
    this.#pump();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const queue = this.#device.virtio.queues[this.#queue];
    while (this.#waiting.length > 0 && queue?.is_configured() && queue.has_request()) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#send(next);
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#pump(), retryMilliseconds);
  }
}
