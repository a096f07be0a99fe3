import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberIn, TestBed } from '../../tests/support/wire.ts';
import type { FrameLoss } from './wire-frame.ts';

/** A held wire with frames 1 to n from host 0 to host 1, and what is to be seen of it. */
function held(n: number) {
  const bed = new TestBed(2).introduce();
  bed.wire.hold();
  for (let number = 1; number <= n; number++) bed.send(0, 1, number);
  const { wire } = bed;
  const id = (number: number): number => wire.waiting.value.find(({ bytes }) => numberIn(bytes) === number)?.id ?? -1;
  const line = (): number[] => wire.waiting.value.map(({ bytes }) => numberIn(bytes));
  const arrived = (): number[] => bed.got.map(({ number }) => number);
  return { bed, wire, hand: wire.hand, id, line, arrived };
}

describe('by hand, while time stands', () => {
  test('a frame is dropped, and told to be lost once that is final', () => {
    const { wire, hand, id, line, arrived } = held(3);
    const lost: FrameLoss[] = [];
    wire.onLoss((loss) => lost.push(loss));
    expect(hand.drop(id(2))).toBe(true);
    expect(line()).toEqual([1, 3]);
    expect(lost).toEqual([]);
    expect(wire.state.value.undoable).toMatchObject({ kind: 'drop' });
    wire.run();
    expect(arrived()).toEqual([1, 3]);
    expect(lost).toMatchObject([{ reason: 'hand', ports: ['1'] }]);
    expect(wire.statistics().lost.hand).toBe(1);
    expect(wire.state.value.undoable).toBeNull();
  });

  test('a frame is delayed: others pass it, and it arrives when it said', () => {
    const { bed, wire, hand, id, line } = held(3);
    expect(hand.delay(id(1), 50)).toBe(true);
    expect(line()).toEqual([2, 3, 1]);
    wire.run();
    bed.time.pass(49);
    expect(bed.got).toHaveLength(2);
    bed.time.pass(1);
    expect(bed.got.at(-1)).toMatchObject({ number: 1, at: 50 });
    expect(() => hand.delay(1, -5)).toThrow(RangeError);
  });

  test('frames change places, also with one that is due later', () => {
    const { hand, id, line, arrived, wire } = held(4);
    expect(hand.move(id(4), 'before', id(1))).toBe(true);
    expect(line()).toEqual([4, 1, 2, 3]);
    hand.move(id(4), 'after', id(2));
    expect(line()).toEqual([1, 2, 4, 3]);
    hand.delay(id(3), 10);
    hand.move(id(3), 'before', id(1));
    expect(line()).toEqual([3, 1, 2, 4]);
    expect(wire.waiting.value.map(({ due }) => due)).toEqual([0, 0, 0, 10]);
    expect(hand.move(id(3), 'before', id(3))).toBe(false);
    wire.step();
    expect(arrived()).toEqual([3]);
  });

  test('a frame is doubled: the copy follows it', () => {
    const { hand, id, line, arrived, wire } = held(3);
    const copy = hand.duplicate(id(2));
    expect(copy).toMatchObject({ origin: id(2) });
    expect(copy?.id).not.toBe(id(2));
    hand.duplicate(id(3));
    expect(line()).toEqual([1, 2, 2, 3, 3]);
    wire.run();
    expect(arrived()).toEqual([1, 2, 2, 3, 3]);
  });

  test('a frame is let go before the others', () => {
    const { wire, id, line, arrived } = held(3);
    expect(wire.release(id(3))).toBe(true);
    expect(arrived()).toEqual([3]);
    expect(line()).toEqual([1, 2]);
    expect(wire.release(999)).toBe(false);
  });

  test('what was done is undone, last first, until a frame is delivered', () => {
    const { wire, hand, id, line, arrived } = held(3);
    hand.drop(id(1));
    hand.delay(id(2), 5);
    hand.duplicate(id(3));
    expect(line()).toEqual([3, 3, 2]);
    expect(hand.undo()).toMatchObject({ kind: 'duplicate' });
    expect(line()).toEqual([3, 2]);
    expect(hand.undo()).toMatchObject({ kind: 'delay' });
    expect(hand.undo()).toMatchObject({ kind: 'drop' });
    expect(line()).toEqual([1, 2, 3]);
    expect(hand.undo()).toBeNull();
    hand.drop(id(2));
    wire.step();
    expect(hand.undo()).toBeNull();
    wire.run();
    expect(arrived()).toEqual([1, 3]);
  });

  test('nothing can be done to what is not there, or while time goes on', () => {
    const { wire, hand, id } = held(1);
    const it = id(1);
    expect([hand.drop(77), hand.delay(77, 1), hand.move(77, 'before', it), hand.duplicate(77)]).toEqual([
      false,
      false,
      false,
      null,
    ]);
    wire.port('0')?.setLink({ delay: 100 });
    wire.run();
    wire.port('0')?.send(new Uint8Array(20).fill(2));
    const [flying] = wire.waiting.value;
    expect(hand.drop(flying?.id ?? -1)).toBe(false);
  });

  test('any sequence of deeds, undone, leaves the line as it was, with what has come since at its end', () => {
    const deed = fc.record({
      kind: fc.constantFrom('drop', 'delay', 'before', 'after', 'duplicate', 'send', 'undo'),
      which: fc.nat(12),
      other: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        const { bed, wire, hand, line, arrived } = held(6);
        const sent = [1, 2, 3, 4, 5, 6];
        for (const { kind, which, other } of deeds) {
          const list = wire.waiting.value;
          const id = list[which % Math.max(1, list.length)]?.id ?? -1;
          const second = list[other % Math.max(1, list.length)]?.id ?? -1;
          if (kind === 'drop') hand.drop(id);
          else if (kind === 'delay') hand.delay(id, other);
          else if (kind === 'duplicate') hand.duplicate(id);
          else if (kind === 'undo') hand.undo();
          else if (kind === 'send') {
            sent.push(sent.length + 1);
            bed.send(0, 1, sent.length);
          } else hand.move(id, kind === 'before' ? 'before' : 'after', second);
        }
        while (hand.undo() !== null);
        expect(line()).toEqual(sent);
        wire.run();
        expect(arrived()).toEqual(sent);
        expect(wire.statistics().lost.hand).toBe(0);
      }),
    );
  });
});
