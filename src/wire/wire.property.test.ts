// Whatever a reader does to time, the machines get the same frames in the same order.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Arrival, numberIn, TestBed } from '../../tests/support/wire.ts';

const hosts = 4;
const host = fc.nat(hosts - 1);

const traffic = fc.record({ kind: fc.constant('send' as const), from: host, to: fc.oneof(host, fc.constant(255)) });
const pause = fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(30) });
const links = fc.record({
  kind: fc.constant('link' as const),
  of: host,
  delay: fc.constantFrom(0, 3, 20),
  jitter: fc.constantFrom(0, 5),
  loss: fc.constantFrom(0, 0, 0.3),
});
const debug = fc.oneof(
  fc.record({ kind: fc.constantFrom('hold' as const, 'run' as const, 'step' as const) }),
  fc.record({ kind: fc.constant('speed' as const), speed: fc.constantFrom(0.1, 0.5, 1) }),
  fc.record({ kind: fc.constant('break' as const), at: fc.nat(80) }),
);

type Traffic = { kind: 'send'; from: number; to: number };
type Links = { kind: 'link'; of: number; delay: number; jitter: number; loss: number };
type Pause = { kind: 'pass'; ms: number };
type Debug = { kind: 'hold' | 'run' | 'step' } | { kind: 'speed'; speed: number } | { kind: 'break'; at: number };
type Deed = Traffic | Links | Pause | Debug;

/** Does all of it to a new wire, then lets it run out. */
function play(deeds: readonly Deed[], after?: (bed: TestBed, deed: Deed) => void): TestBed {
  const bed = new TestBed(hosts);
  let number = 0;
  for (const deed of deeds) {
    switch (deed.kind) {
      case 'send':
        bed.send(deed.from, deed.to, number++);
        break;
      case 'link':
        bed.port(deed.of).setLink({ delay: deed.delay, jitter: deed.jitter, loss: deed.loss });
        break;
      case 'pass':
        bed.time.pass(deed.ms);
        break;
      case 'speed':
        bed.clock.setSpeed(deed.speed);
        break;
      case 'break':
        bed.wire.addBreakpoint(({ bytes }) => numberIn(bytes) === deed.at);
        break;
      default:
        bed.clock[deed.kind]();
    }
    after?.(bed, deed);
  }
  finish(bed);
  return bed;
}

function finish(bed: TestBed): void {
  bed.clock.setSpeed(1);
  while (bed.wire.waiting.value.length > 0) {
    bed.clock.run();
    bed.time.pass(1000);
  }
}

/** The numbers that came, by receiver and sender. */
function pairs(got: readonly Arrival[]): Record<string, number[]> {
  const numbers: Record<string, number[]> = {};
  for (const { port, from, number } of got) {
    const pair = `${from} to ${port}`;
    numbers[pair] ??= [];
    numbers[pair].push(number);
  }
  return numbers;
}

/** To one host: itself (nobody, but it may get lost), or that one, or all others as long as it has not been heard of. */
function targets({ from, to }: Traffic, many: number): number {
  const allowed = from === to ? [0, 1] : [1, hosts - 1];
  return allowed.includes(many) ? many : (allowed[0] ?? 0);
}

const isDebug = (deed: Deed): deed is Debug => !['send', 'link', 'pass'].includes(deed.kind);

describe('for any traffic and any sequence of hold, run, step, slow motion and breakpoints', () => {
  test('every pair of machines gets the frames of a run without them, in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(traffic, traffic, pause, links, debug), { maxLength: 80 }), (deeds) => {
        const debugged = play(deeds);
        const reference = play(deeds.filter((deed) => !isDebug(deed)));
        expect(pairs(debugged.got)).toEqual(pairs(reference.got));
        for (const numbers of Object.values(pairs(debugged.got)))
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }),
    );
  });

  test('links that do nothing keep the order of all frames, not only of a pair’s', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(traffic, traffic, pause, debug), { maxLength: 80 }), (deeds) => {
        const reference = play(deeds.filter((deed) => !isDebug(deed)));
        expect(play(deeds).log).toEqual(reference.log);
      }),
    );
  });

  test('at every moment each frame has arrived, waits, or is told to be lost', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(traffic, traffic, pause, links, debug), { maxLength: 60 }), (deeds) => {
        let all = 0;
        const check = ({ wire, got }: TestBed, deed: Deed): void => {
          const { delivered, lost } = wire.statistics();
          expect(got).toHaveLength(delivered);
          const now = delivered + lost.loss + wire.waiting.value.reduce((sum, { to }) => sum + to.length, 0);
          if (deed.kind === 'send') expect(now - all).toBe(deed.to === 255 ? hosts - 1 : targets(deed, now - all));
          else expect(now).toBe(all);
          all = now;
        };
        const bed = play(deeds, check);
        const { delivered, lost } = bed.wire.statistics();
        expect(delivered + lost.loss).toBe(all);
      }),
    );
  });

  test('a breakpoint stops before its frame reaches anybody, and after all that came before it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(traffic, pause), { minLength: 1, maxLength: 60 }), fc.nat(60), (deeds, at) => {
        const bed = new TestBed(hosts);
        let stoppedAt: unknown = null;
        bed.clock.onChange((state) => {
          if (state.kind === 'held') stoppedAt = state.at;
        });
        bed.wire.addBreakpoint(({ bytes }) => numberIn(bytes) === at);
        let number = 0;
        for (const deed of deeds) {
          if (deed.kind === 'send') bed.send(deed.from, deed.to, number++);
          else bed.time.pass(deed.ms);
        }
        const reference = play(deeds);
        if (number <= at) {
          expect(bed.log).toEqual(reference.log);
          return;
        }
        expect(bed.clock.held).toBe(true);
        const [first] = bed.wire.waiting.value;
        expect(first).toBe(stoppedAt);
        expect(first && numberIn(first.bytes)).toBe(at);
        expect(bed.got).toEqual(
          reference.got
            .filter((sighting) => sighting.number < at)
            .map((sighting, index) => ({ ...sighting, at: bed.got[index]?.at })),
        );
        finish(bed);
        expect(bed.log).toEqual(reference.log);
      }),
    );
  });

  test('slow motion only stretches time: the same frames at the same virtual times', () => {
    const speed = fc.constantFrom(0.125, 0.25, 0.5); // exact: what is simultaneous stays so
    const schedule = fc.array(fc.record({ in: fc.nat(20), from: host, to: host }), { maxLength: 30 });
    fc.assert(
      fc.property(schedule, speed, fc.constantFrom(0, 7), fc.constantFrom(0, 3), (sends, slow, delay, jitter) => {
        const run = (factor: number): Arrival[] => {
          const bed = new TestBed(hosts);
          bed.clock.setSpeed(factor);
          bed.port(1).setLink({ delay, jitter });
          for (const [number, send] of sends.entries()) {
            bed.time.pass(send.in / factor);
            bed.send(send.from, send.to, number);
          }
          bed.time.pass(100 / factor);
          return bed.got;
        };
        const [fast, slowed] = [run(1), run(slow)];
        expect(slowed.map(({ at: _, ...rest }) => rest)).toEqual(fast.map(({ at: _, ...rest }) => rest));
        for (const [index, { at }] of slowed.entries()) expect(at).toBeCloseTo(fast[index]?.at ?? -1, 6);
      }),
    );
  });
});
