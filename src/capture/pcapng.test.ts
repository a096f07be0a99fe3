import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpv6 } from '../packet/format.ts';
import { secondsOf, timestampOf } from './captured-packet.ts';
import { LinkType } from './link-type.ts';
import { readPcapng } from './pcapng.ts';
import { PcapngWriter } from './pcapng-writer.ts';
import { readCapture } from './read-capture.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

function write(build: (writer: PcapngWriter) => void): Uint8Array {
  const chunks: Uint8Array[] = [];
  build(new PcapngWriter((chunk) => chunks.push(chunk), { application: 'lockstep', comment: 'a run' }));
  return Uint8Array.from(Buffer.concat(chunks));
}

test('what is written is read back, with interfaces added between packets', () => {
  const file = write((writer) => {
    const bridge = writer.addInterface({ name: 'host-01/docker0', linkType: LinkType.LINUX_SLL2, snapLength: 96 });
    writer.packet(bridge, {
      bytes: hex('010203'),
      time: { seconds: 1_795_405_455, nanoseconds: 96_123_456 },
      originalLength: 60,
      direction: 'in',
      comment: 'größer',
    });
    const wire = writer.addInterface({ name: 'wire', linkType: LinkType.EN10MB, resolution: 9, description: 'a wire' });
    writer.packet(wire, {
      bytes: hex(''),
      time: { seconds: 1_795_405_455, nanoseconds: 96_123_456 },
      direction: 'out',
    });
  });
  const read = readPcapng(file);
  expect(read).toMatchObject({ application: 'lockstep', comments: ['a run'], error: null });
  expect(read.interfaces).toMatchObject([
    { name: 'host-01/docker0', linkType: 276, snapLength: 96, unitsPerSecond: 1_000_000n },
    { name: 'wire', description: 'a wire', linkType: 1, unitsPerSecond: 1_000_000_000n },
  ]);
  expect(read.packets).toEqual([
    {
      interface: 0,
      linkType: 276,
      seconds: 1_795_405_455,
      nanoseconds: 96_123_000,
      bytes: hex('010203'),
      originalLength: 60,
      direction: 'in',
      comments: ['größer'],
    },
    {
      interface: 1,
      linkType: 1,
      seconds: 1_795_405_455,
      nanoseconds: 96_123_456,
      bytes: new Uint8Array(),
      originalLength: 0,
      direction: 'out',
      comments: [],
    },
  ]);
});

test('a packet of an interface that was not added is refused', () => {
  const build = (writer: PcapngWriter): void =>
    writer.packet(0, { bytes: hex('00'), time: { seconds: 0, nanoseconds: 0 } });
  expect(() => write(build)).toThrow('interface 0 was not added');
});

/** A section with one Ethernet interface, then blocks that are given as type and body. */
function blocks(...all: readonly (readonly [type: number, body: Uint8Array])[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'by hand' });
  writer.addInterface({ name: 'eth0', linkType: LinkType.EN10MB });
  for (const [type, body] of all) {
    const block = Buffer.alloc(12 + body.length + (-body.length & 3));
    block.writeUInt32LE(type, 0);
    block.writeUInt32LE(block.length, 4);
    block.set(body, 8);
    block.writeUInt32LE(block.length, block.length - 4);
    chunks.push(block);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** Interface and what else its first four bytes say, time, both lengths, and the bytes of an enhanced or an obsolete packet block. */
const packetBody = (first: string, bytes: string, options = ''): Uint8Array =>
  hex(`${first} 240a0600 00401e18 0${bytes.length / 2}000000 0${bytes.length / 2}000000 ${bytes} ${options}`);

describe('blocks that are seldom', () => {
  test('obsolete packet blocks are packets, and say how many were lost before', () => {
    const flags = '0200 0400 02000000 00000000';
    const file = blocks(
      [2, packetBody('0000 ffff', 'aabbccdd')],
      [6, packetBody('00000000', '01020304')],
      [2, packetBody('0000 0300', 'eeff0011', flags)],
      [6, packetBody('00000000', '05060708', '0400 0800 0700000000000000 00000000')],
    );
    const { packets, error, leftOut } = readPcapng(file);
    expect([error, leftOut]).toEqual([null, '']);
    expect(packets.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual([
      ...['aabbccdd', '01020304', 'eeff0011', '05060708'],
    ]);
    expect(packets.map(({ lostBefore }) => lostBefore)).toEqual([undefined, undefined, 3, 7]);
    expect(packets[2]).toMatchObject({ direction: 'out', seconds: packets[1]?.seconds, originalLength: 4 });
  });

  test.each([
    ['of an interface that is not there', hex('0100 0000 00000000 00000000 04000000 04000000 aabbccdd'), 'interface 1'],
    ['with more bytes than it has', hex('0000 0000 00000000 00000000 08000000 08000000 aabbccdd'), 'more than it has'],
    ['that is too short', hex('0000 0000'), 'less than 32 bytes'],
  ])('an obsolete packet block %s is damage', (_, body, words) => {
    const { packets, error } = readPcapng(blocks([6, packetBody('00000000', '01020304')], [2, body]));
    expect(packets).toHaveLength(1);
    expect(error?.message).toContain(words);
  });

  test('what is no packet of a network is named when it is left out', () => {
    const journal = Uint8Array.from(Buffer.from('MESSAGE=hello\n'));
    const { packets, error, leftOut } = readPcapng(
      blocks([9, journal], [9, journal], [6, packetBody('00000000', '01020304')], [0x204, journal], [0x7777, journal]),
    );
    expect([packets.length, error]).toEqual([1, null]);
    expect(leftOut).toBe(
      'Left out, since no packet of a network is in there: 2 blocks of entries of a systemd journal (type 0x00000009); 1 block of ' +
        'events of Sysdig (type 0x00000204); 1 block of a kind of block that is not known here (type 0x00007777).',
    );
  });

  test('names, statistics, secrets and notes are no packets, and nothing to tell of', () => {
    const { leftOut } = readPcapng(
      blocks([10, hex('4b4c5354 00000000')], [4, hex('00000000')], [5, hex('00')], [0x80004c53, hex('7b7d')]),
    );
    expect(leftOut).toBe('');
  });

  test('that are made to be slow to read are read at once', () => {
    const zeros = new Uint8Array(1_000_000).fill(0x20, -1);
    const record = [...hex('0100 0800 0a000001 61626300')];
    const names = Uint8Array.from(Array<number[]>(100_000).fill(record).flat());
    const start = performance.now();
    const file = readPcapng(blocks([0x80004c53, zeros], [4, names]));
    expect(performance.now() - start).toBeLessThan(3000);
    expect(file.notes[0]).toHaveLength(1_000_000);
    expect(file.names.get('10.0.0.1')).toEqual(Array(256).fill('abc'));
  });

  test('a block whose two lengths differ is damage: it says both, and what stands before is good', () => {
    const file = blocks([6, packetBody('00000000', '01020304')], [6, packetBody('00000000', '05060708')]);
    new DataView(file.buffer).setUint32(file.length - 4, 100, true);
    const { packets, error } = readPcapng(file);
    expect(packets).toHaveLength(1);
    expect(error?.message).toMatch(/The block at byte \d+ has 36 bytes by its beginning and 100 by its end/);
  });
});

test('any packets survive a round trip', () => {
  const packet = fc.record({
    bytes: fc.uint8Array({ maxLength: 70 }),
    time: fc.record({ seconds: fc.nat(0xffff_ffff), nanoseconds: fc.nat(999_999_999) }),
    comment: fc.string({ minLength: 1, unit: 'grapheme' }),
    direction: fc.constantFrom('in' as const, 'out' as const),
    interface: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(packet), (packets) => {
      const file = write((writer) => {
        for (const name of ['a', 'b', 'c']) writer.addInterface({ name, linkType: 1, resolution: 9 });
        for (const one of packets) writer.packet(one.interface, one);
      });
      const read = readPcapng(file);
      expect(read.error).toBeNull();
      expect(
        read.packets.map(({ bytes, seconds, nanoseconds, comments, direction, interface: number }) => ({
          bytes,
          time: { seconds, nanoseconds },
          comment: comments[0],
          direction,
          interface: number,
        })),
      ).toEqual(packets);
    }),
  );
});

test('a comment longer than an option can hold is cut between characters', () => {
  const file = write((writer) => {
    const number = writer.addInterface({ name: 'x', linkType: 1 });
    writer.packet(number, {
      bytes: hex('00'),
      time: { seconds: 0, nanoseconds: 0 },
      comment: `a${'ö'.repeat(40_000)}`,
    });
  });
  const { packets, error } = readPcapng(file);
  expect(error).toBeNull();
  expect(packets[0]?.comments[0]).toMatch(/^aö+$/);
});

test('names of addresses, and what interfaces counted', () => {
  const file = write((writer) => {
    const number = writer.addInterface({ name: 'x', linkType: 1, resolution: 9 });
    const time = { seconds: 1_795_405_455, nanoseconds: 96_123_456 };
    writer.names([
      ['172.17.0.2', ['web', 'größer.example']],
      ['fd00::2:0:0:1', ['six']],
      ['172.17.0.3', []],
    ]);
    writer.statistics(number, { time, received: 12n, dropped: 1n << 40n });
    writer.statistics(number, { time, received: 13n });
    writer.packet(number, { bytes: hex('01'), time });
    expect(() => writer.names([['web', ['172.17.0.2']]])).toThrow('"web" is no IP address');
    expect(() => writer.statistics(7, { time })).toThrow('interface 7 was not added');
  });
  const read = readPcapng(file);
  expect(read).toMatchObject({
    error: null,
    packets: [{ bytes: hex('01') }],
    statistics: [
      { interface: 0, received: 12n, dropped: 1n << 40n },
      { interface: 0, received: 13n, dropped: null },
    ],
  });
  expect([...read.names]).toEqual([
    ['172.17.0.2', ['web', 'größer.example']],
    ['fd00::2:0:0:1', ['six']],
  ]);
});

test('any names survive a round trip, as far as a record can hold them', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const address = fc.oneof(
    fc.ipV4(),
    bytes.map((all) => formatIpv6(all, 0)),
  );
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.dictionary(address, fc.array(name, { minLength: 1, maxLength: 4 })), (names) => {
      const { names: read, error } = readPcapng(write((writer) => writer.names(Object.entries(names))));
      expect(error).toBeNull();
      expect(Object.fromEntries(read)).toEqual(names);
    }),
  );
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(30_000));
  const file = write((writer) => writer.names([['10.0.0.1', ['', 'a\0b', ...long]]]));
  expect(readPcapng(file).names.get('10.0.0.1')).toEqual(long.slice(0, 2));
});

describe('blocks of other writers', () => {
  const SECTION = '0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c';
  const INTERFACE = '00000001 00000020 0001 0000 00000000 000e 0008 0000000000000064 00000020';

  test('big-endian, with an offset in seconds', () => {
    const file = hex(
      `${SECTION} ${INTERFACE} 00000006 00000024 00000000 00000000 000f4241 00000002 00000002 abcd0000 00000024`,
    );
    expect(readPcapng(file)).toMatchObject({
      error: null,
      packets: [{ seconds: 101, nanoseconds: 1000, bytes: hex('abcd') }],
    });
  });

  test('simple packets, names, statistics, secrets and blocks that nobody knows', () => {
    const simple = '00000003 00000014 00000003 abcdef00 00000014';
    const names = '00000004 00000024 0001 000e ac110002 64622d646275 732d6100 0000 0000 0000 00000024';
    const statistics = '00000005 00000024 00000000 00000000 00000000 0005 0008 0000000000000007 00000024';
    const secrets = '0000000a 00000010 544c534b 00000010';
    const unknown = '40000bad 0000000c 0000000c';
    const read = readPcapng(
      hex(`${SECTION} ${INTERFACE} ${simple} ${names} ${statistics} ${secrets} ${unknown} ${simple}`),
    );
    expect(read.error).toBeNull();
    expect(read.packets.map(({ bytes }) => bytes)).toEqual([hex('abcdef'), hex('abcdef')]);
    expect(read.names).toEqual(new Map([['172.17.0.2', ['db-dbus-a']]]));
    expect(read.statistics).toEqual([{ interface: 0, received: null, dropped: 7n }]);
  });

  test('interface numbers begin anew in each section', () => {
    const packet = '00000006 00000024 00000000 00000000 00000001 00000001 00000001 aa000000 00000024';
    const { packets } = readPcapng(hex(`${SECTION} ${INTERFACE} ${packet} ${SECTION} ${INTERFACE} ${packet}`));
    expect(packets.map((one) => one.interface)).toEqual([0, 1]);
  });

  test('a packet of an interface that was not described is an error that says where', () => {
    const packet = '00000006 00000020 00000005 00000000 00000001 00000000 00000000 00000020';
    expect(readPcapng(hex(`${SECTION} ${INTERFACE} ${packet}`)).error).toMatchObject({
      offset: 60,
      message: expect.stringContaining('interface 5'),
    });
  });
});

test('timestamps as the taps have them', () => {
  expect(timestampOf(1_795_405_455.096123)).toEqual({ seconds: 1_795_405_455, nanoseconds: 96_123_000 });
  expect(timestampOf(1.9999999)).toEqual({ seconds: 2, nanoseconds: 0 });
  expect(secondsOf({ seconds: 1_795_405_455, nanoseconds: 96_123_456 })).toBe(1_795_405_455.096123);
});

describe('files', () => {
  const file = readFileSync(new URL('../../tests/fidelity/captures/bridge.pcapng', import.meta.url));

  test('dumpcap’s are read to the end', () => {
    const { format, interfaces, packets, error } = readCapture(file);
    expect({ format, interfaces, error, packets: packets.length }).toEqual({
      format: 'pcapng',
      interfaces: ['docker0'],
      error: null,
      packets: 93,
    });
    expect(readPcapng(file).statistics).toMatchObject([{ interface: 0, dropped: 0n }]);
  });

  test('cut anywhere, they keep the packets before the cut and say that they were cut', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), (length) => {
        const cut = readCapture(file.subarray(0, length));
        const whole = readCapture(file);
        expect(cut.packets).toEqual(whole.packets.slice(0, cut.packets.length));
      }),
    );
    expect(readCapture(file.subarray(0, 5000)).error?.message).toContain('ends at byte 5000');
  });

  test('damaged anywhere, nothing throws and no packet lies outside the file', () => {
    const edits = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(edits, (changes) => {
        const damaged = Uint8Array.from(file.subarray(0, 2000));
        for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
        const { packets } = readCapture(damaged);
        expect(packets.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(damaged.length);
      }),
      { numRuns: 500 },
    );
  });

  test('other files are neither', () => {
    expect(readCapture(new TextEncoder().encode('<!doctype html><title>a page</title>')).error?.message).toContain(
      'not a pcap capture',
    );
    expect(readCapture(new Uint8Array()).error?.message).toContain('ends after 0 bytes');
  });
});
