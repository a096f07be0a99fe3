import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fidelityCapture, journeyFixture, readAs, storeOf } from '../../../../tests/support/captures.ts';
import { readPcapng } from '../../../capture/pcapng.ts';
import { PcapngWriter } from '../../../capture/pcapng-writer.ts';
import { placeOf } from '../../../hop/hop.ts';
import type { Context } from '../../../journey/builder.ts';
import { groupPackets } from './group-packets.ts';
import { PacketJourneys } from './packet-journeys.ts';
import type { ListedHop } from './packet-source.ts';
import { captureOf } from './save-capture.ts';

describe('a capture file', () => {
  it('names the places that its packets were seen at', async () => {
    const { state, packets, source } = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    expect(state).toMatchObject({ done: true, trouble: '', packets: 50, linkTypes: ['LINUX_SLL2', 'EN10MB'] });
    expect(state.places).toContain('host-01/flannel.1');
    expect(source.severalMachines).toBe(true);
    expect(packets.map(({ n }) => n)).toEqual(packets.map((_, index) => index + 1));
    expect(packets[9]).toMatchObject({ machine: 'host-01', device: 'eth0', direction: 'out' });
  });

  it('is the machine’s own where it names no place', async () => {
    const { packets, source } = await readAs('uplink.pcap', fidelityCapture('uplink.pcap'));
    expect(packets.map(placeOf)).toEqual(packets.map(() => 'uplink'));
    expect(source.severalMachines).toBe(false);
  });

  it('that breaks off keeps what was read, and says where it broke off', async () => {
    const whole = fidelityCapture('uplink.pcap');
    const { state, packets } = await readAs('cut.pcap', whole.subarray(0, whole.length - 30));
    expect(packets.length).toBe(19);
    expect(state.trouble).toMatch(/The capture ends .* The 19 packets before that are here\.$/);
  });

  it.each([
    ['empty', new Uint8Array()],
    ['text', new TextEncoder().encode('<!doctype html><p>no capture at all</p>')],
  ])('that is none (%s) has no packets and a reason', async (_, bytes) => {
    const { state, packets } = await readAs('notes.txt', bytes);
    expect(packets).toEqual([]);
    expect(state.done).toBe(true);
    expect(state.trouble).not.toBe('');
  });

  it('is read to an end, whatever is in it', async () => {
    const whole = journeyFixture('ttl.pcapng');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 }), async (edits) => {
        const bytes = whole.slice();
        for (const [at, value] of edits) bytes[at] = value;
        const { state, packets } = await readAs('mutated.pcapng', bytes);
        expect(state.packets).toBe(packets.length);
        storeOf(await readAs('mutated.pcapng', bytes));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a capture file that is packed', () => {
  it.each([
    ['gzip', 'trace.pcap.gz', gzipSync],
    ['zstd', 'trace.pcap.zst', zstdCompressSync],
  ])('%s is read as what is in it, and its machine is named without the ending', async (_, name, pack) => {
    const plain = await readAs('trace.pcap', fidelityCapture('uplink.pcap'));
    const packed = await readAs(name, new Uint8Array(pack(fidelityCapture('uplink.pcap'))));
    expect(packed.packets).toEqual(plain.packets);
    expect(packed.state).toMatchObject({ done: true, trouble: '', packets: 20 });
    expect(packed.packets[0]?.machine).toBe('trace');
  });

  it('and breaks off keeps what was read, and says so', async () => {
    const packed = new Uint8Array(gzipSync(fidelityCapture('uplink.pcap')));
    const { state, packets } = await readAs('cut.pcap.gz', packed.subarray(0, packed.length - 200));
    expect(packets.length).toBeGreaterThan(5);
    expect(state.trouble).toMatch(/cannot be unpacked further .* packets before that are here\.$/);
  });
});

describe('a capture with notes', () => {
  const gap = { machine: 'host-01', from: 1, until: 2, count: 937 };
  const known: Context = {
    topology: { devices: [{ machine: 'host-01', name: 'eth0', kind: 'nic', addresses: ['10.0.0.1/24'] }] },
    gaps: [gap],
  };

  it('that was saved here knows what was known, and which frames nobody got', async () => {
    const { packets } = await readAs('ttl.pcapng', journeyFixture('ttl.pcapng'));
    const lost = packets.map((packet) => (packet.n === 3 ? { ...packet, undelivered: 'nobody is there' } : packet));
    const pieces = captureOf(lost, { comment: '', isMarked: () => false, resolution: 9, context: known });
    const again = await readAs('again.pcapng', ...pieces);
    expect(again.state.trouble).toBe('');
    expect(again.packets).toEqual(lost);
    expect(again.source.context()).toEqual(known);
    expect(again.lost).toEqual([gap]);
    expect(storeOf(again).gaps).toEqual([gap]);
  });

  it('that cannot be read says so, and shows its packets', async () => {
    const { packets } = await readAs('ttl.pcapng', journeyFixture('ttl.pcapng'));
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(new Uint8Array(chunk)), { application: 'a later one' });
    writer.addInterface({ name: 'host-01/eth0', linkType: 276 });
    writer.note('{"format":"lockstep-note","version":2}');
    for (const { bytes } of packets) writer.packet(0, { bytes, time: { seconds: 1, nanoseconds: 0 } });
    const read = await readAs('later.pcapng', ...chunks);
    expect(read.packets.length).toBe(packets.length);
    expect(read.state.trouble).toContain('What Lockstep wrote besides the packets cannot be read');
  });
});

describe('what is saved', () => {
  const saved = async (name: string, packets: readonly ListedHop[], marked: readonly number[] = []) =>
    readAs(
      name,
      ...captureOf(packets, {
        comment: 'from a test',
        isMarked: (n) => marked.includes(n),
        resolution: 9,
        context: {},
      }),
    );

  it('is read again as it was: places, directions, times, bytes', async () => {
    const { packets } = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    const again = await saved('again.pcapng', packets);
    expect(again.state.trouble).toBe('');
    expect(again.packets).toEqual(packets);
  });

  it('carries the marks and the comments, once each', async () => {
    const { packets } = await readAs('ttl.pcapng', journeyFixture('ttl.pcapng'));
    const first = await saved('marked.pcapng', packets, [2]);
    expect(first.packets.map(({ comment }) => comment)).toEqual(
      packets.map(({ n }) => (n === 2 ? 'Marked in Lockstep.' : undefined)),
    );
    const commented = first.packets.map((packet) => ({ ...packet, comment: `packet ${packet.n}` }));
    const second = await saved('commented.pcapng', commented, []);
    expect(second.packets.map(({ comment }) => comment)).toEqual(commented.map(({ comment }) => comment));
  });

  it('has an interface a place, and says what it is', async () => {
    const { packets } = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    const pieces = captureOf(packets, {
      comment: 'overlay; filter: icmp',
      isMarked: () => false,
      resolution: 6,
      context: {},
    });
    const file = readPcapng(new Uint8Array(await new Blob(pieces).arrayBuffer()));
    const names = file.interfaces.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('wire/lan');
    expect([file.application, file.comments]).toEqual(['Lockstep', ['overlay; filter: icmp']]);
  });
});

describe('the way of a packet in the list', () => {
  it('goes through every place that saw it, with what each changed', async () => {
    const read = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    const journeys = new PacketJourneys(storeOf(read), read.source);
    const journey = journeys.journeyOf(10);
    expect(journey?.hops.map(({ at }) => at)).toEqual([
      'host-01/vethpod',
      'host-01/cni0',
      'host-01/flannel.1',
      'host-01/eth0',
      'wire/lan',
      'host-02/eth0',
      'host-02/flannel.1',
      'host-02/cni0',
      'host-02/vethfar',
    ]);
    expect(journey?.end).toBe('delivered');
    expect(journey?.hops.find(({ hop }) => hop.n === 10)?.changes[0]).toMatchObject({
      field: 'encapsulation',
      bytes: 50,
    });
    expect(journeys.journeyOf(9999)).toBeUndefined();
  });
});

describe('packets of a file', () => {
  it('are put together by their journeys', async () => {
    const read = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    const progress: number[] = [];
    const note = (share: number): unknown => progress.push(share);
    const groups = await groupPackets(read.packets, 50, {}, note, new AbortController().signal);
    const store = storeOf(read);
    store.setOnePerPacket(true);
    store.regroup(groups ?? []);
    while (store.work(100));
    expect(groups?.some((group) => group.includes(10) && group.length === 9)).toBe(true);
    expect(store.count).toBe(50 - (groups ?? []).reduce((sum, group) => sum + group.length - 1, 0));
    expect(progress.every((share) => share >= 0 && share <= 1)).toBe(true);
  });

  it('are left as they are when that is called off', async () => {
    const { packets } = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    expect(await groupPackets(packets, 50, {}, () => {}, AbortSignal.abort())).toBeNull();
  });
});
