import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GuestPort } from './guest-ports.ts';
import type { EmulatedConsole, VirtQueue } from './v86-internals.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The receive queue of a guest's driver: so many buffers of a page each, filled one a message. v86 drops what does not fit. */
class ReceiveQueue implements VirtQueue {
  configured = true;
  room = 0;
  readonly got: Uint8Array[] = [];
  is_configured = () => this.configured;
  has_request = () => this.room > 0;

  take(bytes: Uint8Array): void {
    if (!this.configured || this.room === 0) throw new Error('dropped: there was no buffer');
    this.room--;
    this.got.push(bytes);
  }
}

function deviceWith(queue: VirtQueue, number: number): EmulatedConsole {
  const other: VirtQueue = { is_configured: () => true, has_request: () => false };
  return { virtio: { queues: Array.from({ length: 12 }, (_, n) => (n === number ? queue : other)) }, SendEvent() {} };
}

it('hands over every byte in order, however little room the guest makes and whenever', () => {
  const step = fc.oneof(
    fc.uint8Array({ maxLength: 10_000, size: 'max' }),
    fc.record({ room: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const queue = new ReceiveQueue();
      const port = new GuestPort(deviceWith(queue, 6), 2, (bytes) => queue.take(bytes));
      const written: Uint8Array[] = [];
      for (const what of steps) {
        if (what instanceof Uint8Array) {
          written.push(what.slice());
          port.write(what);
          // The caller's array is its own again.
          what.fill(0);
        } else {
          queue.room = what.room;
          vi.advanceTimersByTime(2);
        }
      }
      queue.room = 1000;
      vi.advanceTimersByTime(2);
      expect(Buffer.compare(Buffer.concat(queue.got), Buffer.concat(written))).toBe(0);
      for (const { length } of queue.got) expect(length).toBeLessThanOrEqual(4096);
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('keeps what is written before the guest’s driver is there', () => {
  const queue = new ReceiveQueue();
  queue.configured = false;
  queue.room = 1;
  const port = new GuestPort(deviceWith(queue, 0), 0, (bytes) => queue.take(bytes));
  port.write(Uint8Array.of(1, 2, 3));
  vi.advanceTimersByTime(1000);
  expect(queue.got).toEqual([]);
  queue.configured = true;
  vi.advanceTimersByTime(2);
  expect(queue.got).toEqual([Uint8Array.of(1, 2, 3)]);
});

// VIRTIO 1.2, 5.3.2: queue 0 receives for port 0; 2 and 3 are for control; port n receives on 2 + 2n.
it.each([
  [0, 0],
  [1, 4],
  [2, 6],
  [3, 8],
])('port %i waits for room in queue %i', (port, number) => {
  const queue = new ReceiveQueue();
  queue.room = 1;
  new GuestPort(deviceWith(queue, number), port, (bytes) => queue.take(bytes)).write(Uint8Array.of(7));
  expect(queue.got).toEqual([Uint8Array.of(7)]);
});

it('leaves nothing behind when it is disposed of', () => {
  const queue = new ReceiveQueue();
  const port = new GuestPort(deviceWith(queue, 0), 0, (bytes) => queue.take(bytes));
  port.write(new Uint8Array(9000));
  expect(vi.getTimerCount()).toBe(1);
  port.dispose();
  queue.room = 5;
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
  expect(queue.got).toEqual([]);
});
