import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frame } from '../../tests/support/wire.ts';
import { LearningSwitch, type SwitchOptions } from './switch.ts';

const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }] as const;

function make(options?: SwitchOptions) {
  const it = new LearningSwitch<{ readonly name: string }>(options);
  for (const port of [a, b, c]) {
    it.add(port);
    it.setLink(port, true);
  }
  return it;
}

describe('a learning switch', () => {
  test('floods what it does not know, and sends what it knows to one port', () => {
    const it = make();
    expect(it.forward(a, frame(1, 2), 0)).toEqual([b, c]);
    expect(it.forward(b, frame(2, 1), 1)).toEqual([a]);
    expect(it.forward(a, frame(1, 2), 2)).toEqual([b]);
    expect(it.forward(a, frame(1, 255), 3)).toEqual([b, c]);
    expect(it.table(3)).toEqual([
      { mac: '02:00:00:00:00:01', port: 'a', age: 0 },
      { mac: '02:00:00:00:00:02', port: 'b', age: 2 },
    ]);
  });

  test('never sends a frame back to where it came from', () => {
    const it = make();
    it.forward(a, frame(1, 255), 0);
    expect(it.forward(a, frame(2, 1), 1)).toEqual([]);
  });

  test('learns nothing from a group address as a source', () => {
    const it = make();
    it.forward(a, frame(255, 1), 0);
    expect(it.table(0)).toEqual([]);
  });

  test('forgets an address that is not heard of for long, and learns where it has gone', () => {
    const it = make({ ageing: 1000 });
    it.forward(a, frame(1, 255), 0);
    expect(it.forward(b, frame(2, 1), 1000)).toEqual([a]);
    expect(it.forward(b, frame(2, 1), 1001)).toEqual([a, c]);
    expect(it.table(1001).map(({ mac }) => mac)).toEqual(['02:00:00:00:00:02']);
    it.forward(c, frame(1, 255), 1002);
    expect(it.forward(b, frame(2, 1), 1003)).toEqual([c]);
  });

  test('a pulled cable takes no frames, gets none, and its addresses are flooded for', () => {
    const it = make();
    it.forward(b, frame(2, 255), 0);
    it.setLink(b, false);
    expect(it.forward(b, frame(2, 1), 1)).toBe('unplugged');
    expect(it.forward(a, frame(1, 2), 2)).toEqual([c]);
    it.setLink(b, true);
    expect(it.forward(a, frame(1, 2), 3)).toEqual([b, c]);
    it.remove(c);
    expect(it.forward(a, frame(1, 2), 4)).toEqual([b]);
    expect(it.forward(c, frame(3, 2), 5)).toBe('unplugged');
  });

  test('keeps as many addresses as it may: the one heard of longest ago makes room', () => {
    const it = make({ capacity: 2 });
    it.forward(a, frame(1, 255), 0);
    it.forward(b, frame(2, 255), 1);
    it.forward(a, frame(1, 255), 2);
    it.forward(c, frame(3, 255), 3);
    expect(it.table(3).map(({ port }) => port)).toEqual(['a', 'c']);
  });

  test('an address that goes to and fro is a loop: its port is cut off for a second, the others are not', () => {
    const it = make({ moves: 4 });
    const answers = Array.from({ length: 6 }, (_, n) => it.forward(n % 2 === 0 ? a : b, frame(1, 255), n));
    expect(answers.map((answer) => answer === 'loop')).toEqual([false, false, false, false, false, true]);
    expect(it.forward(b, frame(7, 255), 900)).toBe('loop');
    expect(it.forward(a, frame(8, 255), 900)).toEqual([c]);
    expect(it.forward(a, frame(8, 1), 900)).toEqual([c]);
    expect(it.forward(b, frame(7, 255), 1005)).toEqual([a, c]);
  });

  test('a machine that moves now and then is no loop', () => {
    const it = make({ moves: 4 });
    for (let n = 0; n < 40; n++) expect(it.forward(n % 2 === 0 ? a : b, frame(1, 255), n * 600)).not.toBe('loop');
  });

  test('any bytes go somewhere, or are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const answer = make().forward(a, bytes, 0);
        if (bytes.length < 14) expect(answer).toBe('malformed');
        else expect([[], [b, c]]).toContainEqual(answer);
      }),
    );
  });
});
