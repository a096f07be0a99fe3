import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GuestConsole } from './guest-console.ts';

const backlogBytes = 256 * 1024;

function open() {
  const sent: (Uint8Array | [number, number])[] = [];
  const console = new GuestConsole(
    1,
    (bytes) => sent.push(bytes),
    (columns, rows) => sent.push([columns, rows]),
  );
  return { console, sent };
}

function collect(console: GuestConsole): { text: () => Buffer; end: () => void } {
  const parts: Uint8Array[] = [];
  const end = console.onOutput((bytes) => parts.push(bytes));
  return { text: () => Buffer.concat(parts), end };
}

it('shows whoever attaches, early or late, the same bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.nat(), (parts, when) => {
      const { console } = open();
      const early = collect(console);
      const middle = parts.length === 0 ? 0 : when % parts.length;
      for (const bytes of parts.slice(0, middle)) console.receive(bytes);
      const late = collect(console);
      for (const bytes of parts.slice(middle)) console.receive(bytes);
      const all = Buffer.concat(parts);
      expect(early.text()).toEqual(all);
      expect(late.text()).toEqual(all);
    }),
  );
});

it('keeps the newest of what was printed, and no more than its bound', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 12 }), (lengths) => {
      const { console } = open();
      const parts = lengths.map((length, index) => new Uint8Array(length).fill(index));
      for (const bytes of parts) console.receive(bytes);
      const kept = collect(console).text();
      const all = Buffer.concat(parts);
      expect(kept.length).toBeLessThanOrEqual(backlogBytes);
      expect(kept.equals(all.subarray(all.length - kept.length))).toBe(true);
      // Only whole parts are left out: less is dropped than the largest of them.
      if (all.length > backlogBytes) expect(kept.length).toBeGreaterThan(backlogBytes - 100_000);
      else expect(kept.length).toBe(all.length);
    }),
    { numRuns: 50 },
  );
});

it('shows a part that is larger than the bound whole, alone', () => {
  const { console } = open();
  console.receive(Uint8Array.of(1));
  console.receive(new Uint8Array(backlogBytes + 1));
  expect(collect(console).text().length).toBe(backlogBytes + 1);
  console.receive(Uint8Array.of(2));
  expect(collect(console).text()).toEqual(Buffer.of(2));
});

it('takes keys and a size to the guest, tells it the size again when it has forgotten it, and no size that is none', () => {
  const { console, sent } = open();
  console.restoreSize();
  console.write(Uint8Array.of(13));
  console.resize(80, 24);
  console.resize(0, 24);
  console.resize(Number.NaN, 10);
  console.restoreSize();
  expect(sent).toEqual([Uint8Array.of(13), [80, 24], [80, 24]]);
});

it('forgets what was printed when the machine is stopped, and stops telling who has left', () => {
  const { console } = open();
  const left = collect(console);
  left.end();
  left.end();
  console.receive(Uint8Array.of(1));
  expect(left.text()).toHaveLength(0);
  console.clear();
  const later = collect(console);
  expect(later.text()).toHaveLength(0);
  console.dispose();
  console.receive(Uint8Array.of(3));
  expect(later.text()).toHaveLength(0);
});
