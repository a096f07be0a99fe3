import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkType } from '../capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../capture/pcap.ts';
import { missingIn } from '../hop/gap.ts';
import type { KernelLink, KernelReport } from '../topology/kernel-report.ts';
import type { TapBatch, TapFrame } from './guest.ts';
import { GuestTimers } from './guest-timers.ts';
import { Tap } from './tap.ts';

const header = pcapHeader(LinkType.LINUX_SLL2);
const packetHost = 0;
const packetOutgoing = 4;

/** A LINUX_SLL2 packet of IPv4. */
function packet(ifindex: number, payload: Uint8Array | string, type = packetHost): Uint8Array {
  const bytes = Buffer.alloc(20 + Buffer.byteLength(payload));
  bytes.writeUInt16BE(0x0800, 0);
  bytes.writeUInt32BE(ifindex, 4);
  bytes.writeUInt16BE(1, 8);
  bytes[10] = type;
  Buffer.from(payload).copy(bytes, 20);
  return new Uint8Array(bytes);
}

const record = (ifindex: number, payload: Uint8Array | string, type?: number, seconds = 1_700_000_000) =>
  pcapRecord({ seconds, nanoseconds: 250_000_000 }, packet(ifindex, payload, type));

function report(names: Readonly<Record<number, string>>): KernelReport {
  const links = Object.entries(names).map(
    ([ifindex, ifname]): KernelLink => ({
      ifindex: Number(ifindex),
      ifname,
      flags: [],
      mtu: 1500,
      operstate: 'UP',
      link_type: 'ether',
      addr_info: [],
    }),
  );
  const elsewhere: KernelLink[] = links.map((link) => ({ ...link, ifname: `not-${link.ifname}` }));
  return {
    time: 0,
    workloads: [],
    bridges: [],
    namespaces: [
      { inode: 2, pid: 77, name: '', nsid: -1, links: elsewhere, routes: [] },
      { inode: 1, pid: 1, name: '', nsid: -1, links, routes: [] },
    ],
  };
}

function open() {
  const batches: TapBatch[] = [];
  const tap = new Tap((batch) => batches.push(batch));
  const frames = (): TapFrame[] => batches.flatMap((batch) => batch.frames);
  const payloads = () => frames().map(({ bytes }) => Buffer.from(bytes.subarray(20)).toString());
  return { tap, batches, frames, payloads };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what the guest’s interfaces saw', () => {
  it('comes with the names that the machine’s own namespace gives them, direction, time and true length', () => {
    const { tap, frames } = open();
    tap.learn(report({ 1: 'lo', 3: 'docker0' }));
    const whole = packet(3, 'abcdef', packetOutgoing);
    tap.receive(header);
    tap.receive(pcapRecord({ seconds: 12, nanoseconds: 345_678_000 }, whole, 1520));
    tap.receive(record(1, 'x'));
    expect(frames()).toEqual([
      {
        time: 12.345678,
        ifindex: 3,
        device: 'docker0',
        direction: 'out',
        linkType: LinkType.LINUX_SLL2,
        bytes: whole,
        originalLength: 1520,
      },
      expect.objectContaining({ device: 'lo', direction: 'in', originalLength: 21 }),
    ]);
  });

  it('comes whole and in order, however it is cut up and whenever the names become known', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ifindex: fc.integer({ min: 1, max: 4 }), payload: fc.uint8Array({ maxLength: 300 }) }), {
          maxLength: 15,
        }),
        fc.infiniteStream(fc.integer({ min: 1, max: 200 })),
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }),
        (packets, sizes, learned) => {
          const { tap, frames } = open();
          const stream = Buffer.concat([header, ...packets.map(({ ifindex, payload }) => record(ifindex, payload))]);
          let learnedUpTo = 0;
          for (let at = 0; at < stream.length; ) {
            const size = sizes.next().value ?? 1;
            tap.receive(new Uint8Array(stream.subarray(at, at + size)));
            at += size;
            const name = learned[learnedUpTo++];
            if (name !== undefined) tap.learn(report({ [name]: `eth${name}` }));
          }
          tap.learn(report({ 1: 'eth1', 2: 'eth2', 3: 'eth3', 4: 'eth4' }));
          expect(frames().map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(
            packets.map(({ ifindex, payload }) => Buffer.from(packet(ifindex, payload)).toString('hex')),
          );
          expect(frames().map(({ device }) => device)).toEqual(packets.map(({ ifindex }) => `eth${ifindex}`));
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
    );
  });

  it('waits for a name, with all that came after it, and is told when the kernel names it', () => {
    const { tap, payloads, frames } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(header);
    tap.receive(record(1, 'before'));
    tap.receive(record(9, 'new'));
    tap.receive(record(1, 'after'));
    expect(payloads()).toEqual(['before']);
    vi.advanceTimersByTime(500);
    tap.learn(report({ 1: 'lo', 9: 'veth9' }));
    expect(payloads()).toEqual(['before', 'new', 'after']);
    expect(frames()[1]?.device).toBe('veth9');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits no longer than 600 ms for a name, however many packets follow in the meantime', () => {
    const { tap, payloads, frames } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(header);
    tap.receive(record(9, 'nobody'));
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(100);
      tap.receive(record(1, `${i}`));
    }
    expect(payloads()).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(payloads()).toEqual(['nobody', '0', '1', '2', '3', '4']);
    expect(frames()[0]?.device).toBe('if9');
    // It is known now that it has none, unless a later report knows better; another one waits for its own.
    tap.receive(record(9, 'again'));
    tap.receive(record(10, 'other'));
    expect(payloads().slice(6)).toEqual(['again']);
    tap.learn(report({ 9: 'late', 10: 'veth10' }));
    tap.receive(record(9, 'named'));
    expect(
      frames()
        .slice(7)
        .map(({ device }) => device),
    ).toEqual(['veth10', 'late']);
  });

  it('waits for a name as long as the machine is frozen: its kernel can report none meanwhile', () => {
    const timers = new GuestTimers();
    const devices: string[] = [];
    const tap = new Tap(({ frames }) => devices.push(...frames.map(({ device }) => device)), timers);
    tap.receive(header);
    tap.receive(record(9, 'new'));
    vi.advanceTimersByTime(300);
    timers.hold();
    vi.advanceTimersByTime(3_600_000);
    timers.release();
    vi.advanceTimersByTime(299);
    expect(devices).toEqual([]);
    tap.learn(report({ 9: 'veth9' }));
    expect(devices).toEqual(['veth9']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the header that the stream began with, for a machine that is restored in the middle of it', () => {
    const { tap } = open();
    tap.receive(header.subarray(0, 7));
    tap.receive(new Uint8Array());
    tap.receive(Buffer.concat([header.subarray(7), record(1, 'x')]));
    expect(tap.header).toEqual(header);
    const restored = open();
    restored.tap.learn(report({ 1: 'lo' }));
    restored.tap.receive(tap.header);
    restored.tap.receive(record(1, 'y'));
    expect(restored.payloads()).toEqual(['y']);
  });
});

describe('a capture that does not go on as it began', () => {
  it('is read on when it was started again', () => {
    const { tap, payloads, batches } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(Buffer.concat([header, record(1, 'a'), header, record(1, 'b')]));
    tap.receive(header);
    tap.receive(record(1, 'c'));
    expect(payloads()).toEqual(['a', 'b', 'c']);
    expect(batches.every(({ lost }) => lost.length === 0)).toBe(true);
  });

  it('says that packets were lost when it is damaged, and is read again from its next start', () => {
    const { tap, payloads, batches } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(Buffer.concat([header, record(1, 'a')]));
    tap.receive(new Uint8Array(16).fill(0x7f));
    // The guest's own clock, since nobody says when the bytes came out.
    expect(batches.at(-1)).toEqual({
      frames: [],
      lost: [{ from: 1_700_000_000.25, until: 1_700_000_000.25, count: 1 }],
    });
    tap.receive(header);
    tap.receive(record(1, 'b'));
    expect(payloads()).toEqual(['a', 'b']);
  });

  it('loses the packet that tcpdump was writing when it was killed, and no other', () => {
    const { tap, frames, payloads, batches } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(Buffer.concat([header, record(1, 'a'), record(1, 'cut'.repeat(20_000)).subarray(0, 32_768)]));
    expect(payloads()).toEqual(['a']);
    tap.receive(header);
    tap.receive(record(1, 'b'));
    tap.receive(record(1, 'c'));
    expect(payloads()).toEqual(['a', 'b', 'c']);
    expect(frames().every(({ device }) => device === 'lo')).toBe(true);
    expect(missingIn(batches.flatMap(({ lost }) => lost))).toBe(1);
  });

  it('keeps no more than a bounded number of packets waiting, whatever interfaces they claim', () => {
    const { tap, frames } = open();
    tap.receive(header);
    const packets = Buffer.concat(
      Array.from({ length: 50 }, (_, index) => record(1000 + index, new Uint8Array(65_000))),
    );
    for (let sent = 0; sent < 40; sent++) tap.receive(packets);
    const waiting = 40 * 50 - frames().length;
    expect(waiting * 65_000).toBeLessThan(64 * 1024 * 1024);
    tap.dispose();
  });

  it('takes more packets at once than a call has room for arguments', () => {
    const { tap, frames } = open();
    tap.learn(report({ 1: 'lo' }));
    const one = record(1, '');
    const many = new Uint8Array(150_000 * one.length);
    for (let at = 0; at < many.length; at += one.length) many.set(one, at);
    tap.receive(header);
    tap.receive(many);
    expect(frames()).toHaveLength(150_000);
  });

  it('never throws, whatever a machine sends', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constant(header),
      fc.constant(pcapHeader(LinkType.EN10MB)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => pcapRecord({ seconds: 1, nanoseconds: 0 }, bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { tap, frames } = open();
        for (const bytes of pieces) tap.receive(bytes);
        vi.advanceTimersByTime(10_000);
        tap.learn(report({ 1: 'lo' }));
        for (const frame of frames()) {
          expect(frame.linkType).toBe(LinkType.LINUX_SLL2);
          expect(frame.bytes.length).toBeGreaterThanOrEqual(20);
        }
        tap.dispose();
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});

describe('flush', () => {
  it('ends when its mark has come out behind everything before it, and the mark itself is nobody’s packet', async () => {
    const { tap, payloads } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(header);
    const marks: string[] = [];
    let ended = 0;
    const first = tap.flush((token) => marks.push(token)).then(() => ended++);
    const second = tap.flush((token) => marks.push(token)).then(() => ended++);
    expect(new Set(marks).size).toBe(2);
    tap.receive(record(1, 'before'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(ended).toBe(0);
    // The mark as lo sees it, out and in, and the ICMP error that quotes it: nobody listens on the port.
    tap.receive(record(1, `UDP ${marks[0]}\n`, packetOutgoing));
    tap.receive(record(1, `UDP ${marks[0]}\n`));
    tap.receive(record(1, `ICMP UDP ${marks[0]}\n`));
    await first;
    expect(payloads()).toEqual(['before']);
    expect(ended).toBe(1);
    tap.receive(record(1, `UDP ${marks[1]}\n`));
    await second;
    expect(payloads()).toEqual(['before']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands over what waited for a name', async () => {
    const { tap, frames } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(header);
    tap.receive(record(7, 'unnamed'));
    const flushed = tap.flush((token) => {
      tap.receive(record(1, token));
    });
    await vi.advanceTimersByTimeAsync(700);
    await flushed;
    expect(frames().map(({ device }) => device)).toEqual(['if7']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the tap has been silent for long enough, if the guest cannot send the mark', async () => {
    const { tap } = open();
    tap.learn(report({ 1: 'lo' }));
    tap.receive(header);
    let ended = false;
    const flushed = tap
      .flush(() => {})
      .then(() => {
        ended = true;
      });
    for (let i = 0; i < 15; i++) {
      await vi.advanceTimersByTimeAsync(300);
      tap.receive(record(1, 'noise'));
    }
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(700);
    expect(ended).toBe(true);
    await flushed;
  });

  it('does not lose patience with a machine that is frozen', async () => {
    const timers = new GuestTimers();
    const tap = new Tap(() => {}, timers);
    let ended = false;
    void tap
      .flush(() => {})
      .then(() => {
        ended = true;
      });
    timers.hold();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).toBe(false);
    timers.release();
    await vi.advanceTimersByTimeAsync(3200);
    expect(ended).toBe(true);
  });

  it('ends after 20 s even if the tap is never silent, and at once when the machine is gone', async () => {
    const { tap } = open();
    tap.receive(header);
    let ended = 0;
    void tap.flush(() => {}).then(() => ended++);
    for (let i = 0; i < 67; i++) {
      tap.receive(record(1, 'noise'));
      await vi.advanceTimersByTimeAsync(300);
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(ended).toBe(1);
    const gone = tap.flush(() => {});
    tap.dispose();
    await gone;
    expect(vi.getTimerCount()).toBe(0);
  });
});
