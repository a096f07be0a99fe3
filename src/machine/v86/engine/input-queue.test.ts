import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InputQueue } from './input-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A guest's receive ring: so many buffers, filled one a piece. */
function guest(capacity?: number) {
  const got: Uint8Array[] = [];
  const ring = { configured: true, room: 0 };
  const queue = new InputQueue(
    () => ({ is_configured: () => ring.configured, has_request: () => ring.room > 0 }),
    (bytes) => {
      if (!ring.configured || ring.room-- <= 0) throw new Error('dropped: there was no buffer');
      got.push(bytes);
    },
    capacity,
  );
  return { got, ring, queue };
}

it('hands every frame over once, in order, whenever the ring has room', () => {
  const step = fc.oneof(fc.record({ frames: fc.nat(5) }), fc.record({ room: fc.nat(4), now: fc.boolean() }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const { got, ring, queue } = guest();
      let sent = 0;
      for (const what of steps) {
        if ('frames' in what) {
          for (let n = 0; n < what.frames; n++) queue.push(Uint8Array.of(sent++));
        } else {
          ring.room += what.room;
          if (what.now) queue.pump();
          else vi.advanceTimersByTime(2);
        }
      }
      ring.room += 1000;
      queue.pump();
      expect(got.map(([number]) => number)).toEqual(Array.from({ length: sent }, (_, n) => n));
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

it('holds no more than it may, and says so of what it refuses', () => {
  const { got, ring, queue } = guest(100);
  expect(queue.push(new Uint8Array(60))).toBe(true);
  expect(queue.push(new Uint8Array(60))).toBe(false);
  expect(queue.push(new Uint8Array(40))).toBe(true);
  ring.room = 1;
  queue.pump();
  expect(queue.push(new Uint8Array(60))).toBe(true);
  ring.room = 10;
  vi.advanceTimersByTime(2);
  expect(got.map(({ length }) => length)).toEqual([60, 40, 60]);
});

it('waits for a driver that is not there yet, and leaves nothing behind when it is disposed of', () => {
  const { got, ring, queue } = guest();
  ring.configured = false;
  ring.room = 5;
  queue.push(Uint8Array.of(1));
  vi.advanceTimersByTime(1000);
  expect(got).toEqual([]);
  queue.dispose();
  ring.configured = true;
  vi.advanceTimersByTime(1000);
  expect(got).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
