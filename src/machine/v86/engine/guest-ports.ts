// Bytes into the guest's virtio ports.
import { InputQueue } from './input-queue.ts';
import type { EmulatedConsole } from './v86-internals.ts';

// The guest's receive buffers are one page each (drivers/char/virtio_console.c, fill_queue).
const bufferBytes = 4096;

export class GuestPort {
  readonly #queue: InputQueue;

  constructor(device: EmulatedConsole, port: number, send: (bytes: Uint8Array) => void) {
    const number = port === 0 ? 0 : port * 2 + 2;
    this.#queue = new InputQueue(() => device.virtio.queues[number], send);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += bufferBytes) this.#queue.push(bytes.slice(at, at + bufferBytes));
  }

  /** Resolves when the guest's driver has taken everything that was written. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  dispose(): void {
    this.#queue.dispose();
  }
}
