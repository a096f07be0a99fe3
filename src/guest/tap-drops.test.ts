import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TapLoss } from './guest.ts';
import { GuestTimers } from './guest-timers.ts';
import { readingOf, TapDrops } from './tap-drops.ts';

/** A guest whose tcpdump says what the test says; the lab's time is that of the fake timers. */
function guest() {
  const said = { tap: 417, dropped: 0, answers: true };
  const losses: TapLoss[] = [];
  let asked = 0;
  const drops = new TapDrops({
    exec: async () => {
      asked++;
      if (!said.answers) throw new Error('The machine did not answer');
      const { tap, dropped } = said;
      return {
        stdout: `${tap}: 9 packets captured, 20 packets received by filter, ${dropped} packets dropped by kernel\n`,
      };
    },
    tell: (loss) => losses.push(loss),
    now: () => Date.now() / 1000,
    timers: new GuestTimers(),
  });
  /** So many packets come out now, one after the other. */
  const swarm = (count = 127): void => {
    for (let i = 0; i < count; i++) drops.came(1, Date.now() / 1000);
  };
  return { drops, said, losses, swarm, asked: () => asked };
}

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('packets that the tap had no room for', () => {
  it('are told of when a swarm is over, with the time between which they went by', async () => {
    const { drops, said, losses, swarm } = guest();
    drops.begin('power-on');
    await vi.advanceTimersByTimeAsync(5000);
    swarm();
    said.dropped = 937;
    await vi.advanceTimersByTimeAsync(1000);
    expect(losses).toEqual([{ from: 1005, until: expect.closeTo(1005.6, 5), count: 937 }]);
  });

  it('are told of when a swarm came out across two seconds, and not asked for when as many come one after the other', async () => {
    const { drops, said, losses, swarm, asked } = guest();
    drops.begin('power-on');
    swarm(1);
    await vi.advanceTimersByTimeAsync(960);
    swarm(60);
    await vi.advanceTimersByTimeAsync(60);
    said.dropped = 500;
    swarm(60);
    await vi.advanceTimersByTimeAsync(1000);
    expect(losses).toEqual([{ from: expect.closeTo(1000.96, 5), until: expect.any(Number), count: 500 }]);
    for (let i = 0; i < 60; i++) {
      swarm(4);
      await vi.advanceTimersByTimeAsync(60);
    }
    expect(asked()).toBe(1);
  });

  it('are told of while a swarm goes on, each once', async () => {
    const { drops, said, losses, swarm, asked } = guest();
    drops.begin('power-on');
    for (let i = 0; i < 120; i++) {
      swarm(20);
      said.dropped += 10;
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(2000);
    expect(losses.reduce((sum, { count }) => sum + count, 0)).toBe(1200);
    expect(losses).toHaveLength(3);
    // One begins where the one before was asked.
    expect(losses[1]?.from).toBeCloseTo(losses[0]?.until ?? 0, 3);
    expect(asked()).toBe(3);
  });

  it('that a saved guest had lost before are nobody’s', async () => {
    const { drops, said, losses, swarm } = guest();
    said.dropped = 5000;
    drops.begin('saved');
    await drops.ready();
    await drops.ready();
    swarm();
    said.dropped = 5003;
    await drops.settle();
    expect(losses.map(({ count }) => count)).toEqual([3]);
  });

  it('count from none again in a tap that was started again', async () => {
    const { drops, said, losses, swarm } = guest();
    drops.begin('power-on');
    swarm();
    said.dropped = 50;
    await drops.settle();
    swarm();
    Object.assign(said, { tap: 999, dropped: 20 });
    await drops.settle();
    expect(losses.map(({ count }) => count)).toEqual([50, 20]);
  });

  it('are asked for again when the guest did not answer: nothing is forgotten', async () => {
    const { drops, said, losses, swarm } = guest();
    drops.begin('power-on');
    said.answers = false;
    swarm();
    said.dropped = 4;
    await drops.settle();
    said.answers = true;
    swarm();
    said.dropped = 9;
    await drops.settle();
    expect(losses.map(({ count }) => count)).toEqual([9]);
  });

  it('are not asked for as long as packets come one by one, or nothing is lost to be told', async () => {
    const { drops, losses, swarm, asked } = guest();
    drops.begin('power-on');
    for (let i = 0; i < 200; i++) {
      swarm(2);
      await vi.advanceTimersByTimeAsync(100);
    }
    await drops.settle();
    expect(asked()).toBe(0);
    swarm();
    await drops.settle();
    expect(losses).toEqual([]);
  });

  it('of a life that is over are not told in the next one', async () => {
    const { drops, said, losses, swarm } = guest();
    drops.begin('power-on');
    swarm();
    said.dropped = 7;
    const settled = drops.settle();
    drops.begin('power-on');
    await settled;
    expect(losses).toEqual([]);
  });
});

it.each([
  ['417: 20 packets captured, 25 packets received by filter, 5 packets dropped by kernel', { tap: 417, dropped: 5 }],
  [
    '417: 1 packet captured, 1 packet received by filter, 1 packet dropped by kernel, 0 packets dropped by interface',
    { tap: 417, dropped: 1 },
  ],
  ['417: tcpdump: listening on any', null],
  ['', null],
])('reads what tcpdump says: %s', (text, reading) => {
  expect(readingOf(text)).toEqual(reading);
});
