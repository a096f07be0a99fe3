import { describe, expect, test } from 'vitest';
import { frame, numberIn, TestBed } from '../../tests/support/wire.ts';
import { connect, type FramePort } from './frame-port.ts';
import { Wire, type WireOptions } from './wire.ts';
import type { FrameLoss, WireFrame } from './wire-frame.ts';

const ids = (frames: readonly WireFrame[]): number[] => frames.map(({ bytes }) => numberIn(bytes));
const is =
  (number: number) =>
  ({ bytes }: WireFrame): boolean =>
    numberIn(bytes) === number;

describe('a wire that runs', () => {
  test('delivers before send() returns, the very bytes, and sets no timer', () => {
    const bed = new TestBed(2).introduce();
    const bytes = frame(0, 1, 7);
    let got: Uint8Array | undefined;
    const end = bed.port(1).onFrame((its) => {
      got = its;
    });
    bed.port(0).send(bytes);
    expect(got).toBe(bytes);
    expect(bed.log).toEqual(['1<0#7']);
    expect(bed.time.pending).toBe(0);
    end();
  });

  test('each receiver of a flooded frame has bytes of its own, and what is observed stays as it was', () => {
    const bed = new TestBed(0);
    const got: Uint8Array[] = [];
    for (const name of ['a', 'b', 'c'])
      bed.wire.addPort(name).onFrame((bytes) => {
        got.push(bytes);
        bytes.fill(0xee); // or its buffer is transferred away
      });
    const seen: WireFrame[] = [];
    const end = bed.wire.onFrame((its) => seen.push(its));
    bed.wire.port('a')?.send(frame(0, 255, 5));
    expect(new Set(got.map(({ buffer }) => buffer)).size).toBe(2);
    expect(seen).toHaveLength(1);
    expect(ids(seen)).toEqual([5]);
    expect(seen[0]).toMatchObject({ id: 1, wire: 'lan', from: 'a', to: ['b', 'c'] });
    end();
    bed.wire.port('a')?.send(frame(0, 255, 6));
    expect(seen).toHaveLength(1);
  });

  test('an answer given at once comes after its question, everywhere, and in constant depth', () => {
    const bed = new TestBed(3).introduce();
    let left = 50_000;
    // Host 1 hears of it first, and answers to all before host 2 has it.
    bed.port(1).onFrame((bytes) => {
      if (bytes[11] === 0) bed.send(1, 255, numberIn(bytes) + 1);
    });
    bed.port(0).onFrame((bytes) => {
      if (bytes[11] === 1 && left-- > 0) bed.send(0, 255, numberIn(bytes) + 1);
    });
    bed.send(0, 255, 1);
    while (bed.time.pending > 0) bed.time.pass(0);
    const third = bed.got.filter(({ port }) => port === 2).map(({ number }) => number);
    expect(third).toHaveLength(100_002);
    expect(third.every((number, index) => number === index + 1)).toBe(true);
  });

  test('ports joined behind its back do not hang it: the loop is cut, and said to be', () => {
    const bed = new TestBed(2);
    const [one, other] = [bed.wire.addPort('x'), bed.wire.addPort('y')];
    connect(one, other);
    const lost: FrameLoss[] = [];
    bed.wire.onLoss((loss) => lost.push(loss));
    bed.send(0, 255, 1);
    for (let n = 0; n < 10 && bed.time.pending > 0; n++) bed.time.pass(1);
    expect(bed.wire.waiting.value).toEqual([]);
    expect(lost.map(({ reason }) => reason)).toContain('loop');
    expect(bed.wire.statistics().lost.loop).toBeGreaterThan(0);
  });

  test('a pulled cable loses what is sent either way, and says so', () => {
    const bed = new TestBed(3).introduce();
    const lost: FrameLoss[] = [];
    bed.wire.onLoss((loss) => lost.push(loss));
    bed.port(1).setLink({ plugged: false });
    bed.send(1, 0, 1);
    bed.send(0, 1, 2);
    expect(bed.log).toEqual(['2<0#2']);
    expect(lost).toMatchObject([{ reason: 'unplugged', ports: [], whole: true, frame: { from: '1', to: [] } }]);
    bed.port(1).setLink({ plugged: true });
    bed.send(0, 1, 3);
    expect(bed.log).toContain('1<0#3');
  });

  test('counts what it did', () => {
    const bed = new TestBed(3);
    bed.send(0, 255, 1);
    bed.send(1, 0, 2, 100);
    bed.port(0).send(frame(9, 0));
    bed.port(0).send(new Uint8Array(5));
    expect(bed.wire.statistics()).toMatchObject({
      frames: 4,
      bytes: 18 + 100 + 18 + 5,
      delivered: 3,
      filtered: 1,
      flooded: 1,
      lost: { malformed: 1, unplugged: 0 },
      ports: { 0: { framesIn: 3, bytesIn: 41, framesOut: 1, bytesOut: 100 }, 2: { framesOut: 1, bytesOut: 18 } },
    });
    expect(bed.wire.table().map(({ mac, port }) => `${mac} ${port}`)).toEqual([
      '02:00:00:00:00:00 0',
      '02:00:00:00:00:01 1',
      '02:00:00:00:00:09 0',
    ]);
  });

  test('NICs are plugged in and pulled out', () => {
    const bed = new TestBed(1);
    const sent: Uint8Array[] = [];
    const listeners = new Set<(bytes: Uint8Array) => void>();
    const nic: FramePort = {
      send: (bytes) => sent.push(bytes),
      onFrame(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const pull = connect(nic, bed.wire.addPort('nic'));
    for (const listener of listeners) listener(frame(5, 0, 1));
    bed.send(0, 5, 2);
    expect(bed.log).toEqual(['0<5#1']);
    expect(sent.map(numberIn)).toEqual([2]);
    pull();
    expect(listeners.size).toBe(0);
    expect(bed.wire.port('nic')?.up).toBe(false);
    expect(bed.wire.ports.map(({ name }) => name)).toEqual(['0', 'nic']);
    expect(() => bed.wire.addPort('0')).toThrow(/another name/);
  });
});

describe('a wire that is held', () => {
  test('keeps what comes, in order, for as long as it takes, and goes on as if nothing had been', () => {
    const bed = new TestBed(2).introduce();
    bed.clock.hold();
    bed.send(0, 1, 1);
    bed.send(1, 0, 2);
    bed.send(0, 1, 3);
    bed.time.pass(600_000);
    expect(bed.log).toEqual([]);
    expect(ids(bed.wire.waiting.value)).toEqual([1, 2, 3]);
    bed.clock.run();
    expect(bed.log).toEqual(['1<0#1', '0<1#2', '1<0#3']);
    expect(bed.got.every(({ at }) => at === 0)).toBe(true);
    expect(bed.wire.waiting.value).toEqual([]);
  });

  test('steps one frame at a time, and holds for that', () => {
    const bed = new TestBed(2).introduce();
    expect(bed.clock.step()).toBeNull();
    bed.send(0, 1, 1);
    bed.send(0, 1, 2);
    bed.clock.step();
    expect(bed.log).toEqual(['1<0#1']);
    expect(ids(bed.wire.waiting.value)).toEqual([2]);
  });

  test('what a frame held bytes for can still be looked at when it has gone', () => {
    const bed = new TestBed(2).introduce();
    bed.clock.hold();
    bed.port(1).onFrame((bytes) => bytes.fill(0));
    bed.send(0, 1, 9);
    const [held] = bed.wire.waiting.value;
    bed.clock.run();
    expect(held && numberIn(held.bytes)).toBe(9);
  });

  test('wires of one clock stand together and are stepped in one order', () => {
    const bed = new TestBed(2).introduce();
    const far = new Wire('far', bed.clock);
    const got: number[] = [];
    far.addPort('b').onFrame((bytes) => got.push(numberIn(bytes)));
    const from = far.addPort('a');
    from.onFrame(() => {});
    bed.clock.hold();
    from.send(frame(1, 2, 1));
    bed.send(0, 1, 2);
    bed.clock.step();
    expect(got).toEqual([1]);
    expect(bed.log).toEqual([]);
    bed.clock.step();
    expect(bed.log).toEqual(['1<0#2']);
  });

  test('refuses what does not fit, and says so: nothing goes silently', () => {
    const bed = new TestBed(2, { capacity: 100 }).introduce();
    const lost: FrameLoss[] = [];
    bed.wire.onLoss((loss) => lost.push(loss));
    bed.clock.hold();
    for (let number = 1; number <= 6; number++) bed.send(0, 1, number);
    expect(bed.wire.waiting.value).toHaveLength(5);
    expect(lost).toMatchObject([{ reason: 'full', ports: ['1'], whole: true }]);
    bed.clock.run();
    expect(bed.log).toHaveLength(5);
    bed.clock.hold();
    bed.send(0, 1, 7);
    expect(bed.wire.waiting.value).toHaveLength(1);
    expect(bed.wire.statistics().lost.full).toBe(1);
  });

  test('a cable that is pulled while a frame waits loses it', () => {
    const bed = new TestBed(3).introduce();
    const lost: FrameLoss[] = [];
    bed.wire.onLoss((loss) => lost.push(loss));
    bed.clock.hold();
    bed.send(0, 255, 1);
    bed.port(1).setLink({ plugged: false });
    bed.clock.run();
    expect(bed.log).toEqual(['2<0#1']);
    expect(lost).toMatchObject([{ reason: 'unplugged', ports: ['1'], whole: false }]);
  });

  test('forgets at a reset what belonged to the run before, and leaves nothing when it is disposed of', () => {
    const bed = new TestBed(2).introduce();
    bed.clock.hold();
    bed.send(0, 1, 1);
    bed.wire.reset();
    expect(bed.wire.waiting.value).toEqual([]);
    expect(bed.wire.table()).toEqual([]);
    bed.clock.run();
    expect(bed.log).toEqual([]);
    bed.send(0, 1, 2);
    expect(bed.log).toEqual(['1<0#2']);
    bed.port(0).setLink({ delay: 10 });
    bed.send(0, 1, 3);
    bed.wire.dispose();
    bed.clock.dispose();
    bed.time.pass(100);
    expect(bed.log).toHaveLength(1);
    expect(bed.time.pending).toBe(0);
  });
});

describe('a breakpoint', () => {
  test('stops just before its frame is delivered, once, and goes on past it', () => {
    const bed = new TestBed(2).introduce();
    const stoppedAt: number[] = [];
    bed.clock.onChange((state) => {
      if (state.kind === 'held' && state.at !== null)
        stoppedAt.push(numberIn((state.at as unknown as WireFrame).bytes));
    });
    const remove = bed.wire.addBreakpoint(is(2));
    for (const number of [1, 2, 3]) bed.send(0, 1, number);
    expect(bed.log).toEqual(['1<0#1']);
    expect(stoppedAt).toEqual([2]);
    bed.clock.run();
    expect(bed.log).toEqual(['1<0#1', '1<0#2', '1<0#3']);
    bed.send(0, 1, 2);
    expect(stoppedAt).toEqual([2, 2]);
    remove();
    bed.clock.step();
    expect(bed.log).toHaveLength(4);
    bed.clock.run();
    bed.send(0, 1, 2);
    expect(bed.clock.held).toBe(false);
    expect(bed.log).toHaveLength(5);
  });

  test('one that breaks holds its frame, and a step gets past it', () => {
    const bed = new TestBed(2).introduce();
    const remove = bed.wire.addBreakpoint(() => {
      throw new Error('no such field');
    });
    expect(() => bed.send(0, 1, 1)).toThrow('no such field');
    expect(ids(bed.wire.waiting.value)).toEqual([1]);
    remove();
    bed.clock.run();
    expect(bed.log).toEqual(['1<0#1']);
  });
});

describe('a frame that no port gets', () => {
  /** What was told of each frame: its number, and as what. */
  function watched(hosts: number, options?: WireOptions) {
    const bed = new TestBed(hosts, options).introduce();
    const told: string[] = [];
    bed.wire.onFrame(({ bytes }) => told.push(`seen ${numberIn(bytes)}`));
    bed.wire.onLoss(({ frame: { bytes }, reason, ports, whole }) => {
      const what = `${whole ? 'lost' : 'partly lost'} ${numberIn(bytes)}`;
      told.push(`${what}: ${reason} ${ports.join(' ')}`.trim());
    });
    return { bed, told };
  }

  test('is told once, as lost: with the cables that are out, or that nobody else is there', () => {
    const { bed, told } = watched(3);
    bed.port(1).setLink({ plugged: false });
    bed.send(0, 1, 1);
    bed.port(2).setLink({ plugged: false });
    bed.send(0, 255, 2);
    bed.send(0, 1, 3);
    bed.send(1, 0, 4);
    expect(told).toEqual(['seen 1', 'lost 2: unplugged 1 2', 'lost 3: unplugged 1 2', 'lost 4: unplugged']);
    const { bed: lonely, told: toldThere } = watched(1);
    lonely.send(0, 255, 5);
    expect(toldThere).toEqual(['lost 5: alone']);
    expect(lonely.wire.statistics().lost.alone).toBe(2);
  });

  test('is told as lost when the last cable is pulled under it, and not before', () => {
    const { bed, told } = watched(3);
    bed.port(2).setLink({ delay: 10 });
    bed.send(0, 255, 1);
    bed.clock.hold();
    bed.send(0, 255, 2);
    for (const host of [1, 2]) bed.port(host).setLink({ plugged: false });
    bed.clock.run();
    bed.time.pass(20);
    expect(told).toEqual(['seen 1', 'partly lost 2: unplugged 1', 'partly lost 1: unplugged 2', 'lost 2: unplugged 2']);
  });

  test('is told once though its ports lose it for different reasons', () => {
    const { bed, told } = watched(3, { capacity: 20 });
    bed.clock.hold();
    bed.send(0, 1, 1);
    bed.port(2).setLink({ loss: 1 });
    bed.send(0, 255, 2);
    expect(told).toEqual(['lost 2: loss 2', 'partly lost 2: full 1']);
  });
});

describe('links', () => {
  test('a delay is that of both cables, in both directions, and frames keep their order when it shrinks', () => {
    const bed = new TestBed(3).introduce();
    bed.port(0).setLink({ delay: 20 });
    bed.port(1).setLink({ delay: 5 });
    bed.send(0, 255, 1);
    bed.port(0).setLink({ delay: 0 });
    bed.send(0, 1, 2);
    bed.send(1, 2, 3);
    bed.time.pass(100);
    expect(bed.got.map(({ port, number, at }) => `${port}#${number} at ${at}`)).toEqual([
      '2#3 at 5',
      '2#1 at 20',
      '1#1 at 25',
      '1#2 at 25',
    ]);
  });

  test('slow motion stretches a delay, and says the same times', () => {
    const bed = new TestBed(2).introduce();
    bed.port(0).setLink({ delay: 10 });
    bed.clock.setSpeed(0.1);
    bed.send(0, 1, 1);
    bed.time.pass(99);
    expect(bed.log).toEqual([]);
    bed.time.pass(1);
    expect(bed.got).toMatchObject([{ number: 1, at: 10 }]);
  });

  test('a step takes the next frame that is due, and time with it', () => {
    const bed = new TestBed(2).introduce();
    bed.port(0).setLink({ delay: 10 });
    bed.send(0, 1, 1);
    bed.clock.step();
    expect(bed.got).toMatchObject([{ number: 1, at: 10 }]);
  });

  test('losses follow from the seed, are about as many as said, and are all told', () => {
    const run = (seed: number, others: boolean) => {
      const bed = new TestBed(3, { seed }).introduce();
      let told = 0;
      bed.wire.onLoss(() => told++);
      bed.port(0).setLink({ loss: 0.2 });
      for (let number = 0; number < 2000; number++) {
        bed.send(0, 1, number);
        if (others) bed.send(1, 2, number);
      }
      const got = bed.got.filter(({ port }) => port === 1).map(({ number }) => number);
      expect(told).toBe(2000 - got.length);
      expect(bed.wire.statistics().lost.loss).toBe(told);
      return got;
    };
    const got = run(1, false);
    expect(run(1, true)).toEqual(got);
    expect(run(2, false)).not.toEqual(got);
    expect(got.length).toBeGreaterThan(1500);
    expect(got.length).toBeLessThan(1700);
  });

  test('settings that no cable has are refused', () => {
    const port = new TestBed(1).port(0);
    expect(() => port.setLink({ loss: 1.5 })).toThrow(/0 to 1/);
    expect(() => port.setLink({ delay: -1 })).toThrow(/delay/);
    expect(() => port.setLink({ jitter: Number.NaN })).toThrow(/jitter/);
    expect(port.link.value).toEqual({ plugged: true, loss: 0, delay: 0, jitter: 0 });
  });
});
