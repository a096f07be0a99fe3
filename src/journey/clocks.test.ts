import { describe, expect, it } from 'vitest';
import { Clocks } from './clocks.ts';

const packet = { version: 1 };

function clocksOf(...delays: readonly (readonly [from: string, to: string, seconds: number])[]): Clocks {
  const clocks = new Clocks();
  for (const [from, to, seconds] of delays) {
    clocks.see(from);
    clocks.see(to);
    clocks.observe(from, to, seconds, packet);
  }
  return clocks;
}

describe('offsets of clocks', () => {
  it('take the middle between both directions, as NTP does', () => {
    // b is 10 s ahead, and a packet takes 2 s either way.
    const clocks = clocksOf(['a', 'b', 12], ['b', 'a', -8]);
    expect(clocks.offset('a')).toBe(0);
    expect(clocks.offset('b')).toBeCloseTo(-10, 9);
  });

  it('take the fastest packet for one that took no time, when none came back', () => {
    expect(clocksOf(['a', 'b', 12], ['a', 'b', 11]).offset('b')).toBeCloseTo(-11, 9);
  });

  it('say how far they may still be wrong: half of what a packet takes there and back, along the best way', () => {
    const clocks = clocksOf(['a', 'b', 12], ['b', 'a', -8], ['b', 'c', 1], ['c', 'b', 0], ['a', 'd', 1]);
    expect(clocks.error('a', 'b')).toBeCloseTo(2, 9);
    expect(clocks.error('c', 'a')).toBeCloseTo(2.5, 9);
    expect(clocks.error('a', 'd')).toBe(Infinity);
    expect(clocks.error('a', 'a')).toBe(0);
  });

  it('are set by the wire where there is one', () => {
    const clocks = clocksOf(['a', 'wire', 5], ['wire', 'b', -3]);
    expect(clocks.offset('wire')).toBe(0);
    expect(clocks.offset('a')).toBeCloseTo(5, 9);
    expect(clocks.offset('b')).toBeCloseTo(3, 9);
  });

  it('go by way of others, and keep every bound where that is possible', () => {
    const clocks = clocksOf(['a', 'b', 1], ['b', 'a', 1], ['b', 'c', 1], ['c', 'b', 1], ['a', 'c', -0.5]);
    const at = (clock: string): number => clocks.offset(clock);
    expect(at('c') - at('a')).toBeGreaterThanOrEqual(0.5);
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'c'],
      ['c', 'b'],
    ] as const)
      expect(at(to) - at(from)).toBeGreaterThanOrEqual(-1);
  });

  it('know which clocks cannot be compared', () => {
    const clocks = clocksOf(['a', 'b', 1], ['c', 'd', 1]);
    expect(clocks.group('a')).toBe(clocks.group('b'));
    expect(clocks.group('a')).not.toBe(clocks.group('c'));
  });

  it('forget what a witness takes back', () => {
    const witness = { version: 1 };
    const clocks = clocksOf(['a', 'b', 12]);
    clocks.observe('a', 'b', 3, witness);
    expect(clocks.offset('b')).toBeCloseTo(-3, 9);
    witness.version++;
    clocks.changed();
    expect(clocks.offset('b')).toBeCloseTo(-12, 9);
  });

  it('are compared without any packet where the clocks are known to show one time', () => {
    const clocks = new Clocks(true);
    for (const name of ['a', 'b']) clocks.see(name);
    expect(clocks.group('a')).toBe(clocks.group('b'));
    expect(clocks.offset('b')).toBe(0);
  });
});
