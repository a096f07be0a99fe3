import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissect } from './dissect.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const protocols = (packet: Uint8Array, linkType = 1, originalLength?: number): string[] =>
  dissect(packet, linkType, originalLength).map((layer) => layer.protocol);

/** What layers say of a packet, without the layers themselves: comparable, and touches every field. */
const described = (packet: Uint8Array, linkType: number, originalLength?: number) =>
  dissect(packet, linkType, originalLength).map((layer) => ({
    protocol: layer.protocol,
    offset: layer.offset,
    length: layer.length,
    info: layer.info(),
    fields: layer.fields(),
  }));

// Captured on a bridge with two network namespaces, and on an uplink that carries VXLAN.
const ARP_ON_ANY = bytes(
  '0806000000000003000101060242ac110002000000010800060400010242ac110002ac110002000000000000ac110003',
);
const PING = bytes(`0242ac110003 0242ac110002 0800 450000546c3e00004001b643ac110002ac110003 080000e500070001
  000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637`);
const PORT_UNREACHABLE = bytes(`0242ac110002 0242ac110003 0800 45c00041090d0000400118c8ac110003ac110002 0303c29500000000
  450000251cb340004011c5edac110002ac110003 91a5270f0011584a 68656c6c6f20756470`);
const VXLAN =
  bytes(`0a78c2aa327f 86a20f7a08c1 0800 4500006e9d550000401151d6c0a80501c0a80502 86a52118005ad1aa 0800000000000100
  e67dfcd9b206 fa577500fddc 0800 4500003cc273400040065f610af401000af40200 8a66005045e14c2d00000000a002faf019160000020405b40402080a320395d4000000000103030a`);

test('an ARP request of a cooked tap', () => {
  const [sll, arp] = dissect(ARP_ON_ANY, 276);
  expect(sll).toMatchObject({ protocol: 'sll', offset: 0, length: 20, interfaceIndex: 3, source: '02:42:ac:11:00:02' });
  expect(arp).toMatchObject({ protocol: 'arp', offset: 20, length: 28 });
  expect(arp?.named('arp.dst.proto_ipv4')).toEqual([
    {
      name: 'arp.dst.proto_ipv4',
      about: expect.any(String),
      offset: 44,
      length: 4,
      value: '172.17.0.3',
      shown: '172.17.0.3',
      meaning: '',
    },
  ]);
});

test('a ping: what it carries is data, and each field knows its bytes', () => {
  expect(protocols(PING)).toEqual(['eth', 'ip', 'icmp', 'data']);
  const ip = dissect(PING, 1)[1];
  expect(ip?.named('ip.ttl')[0]).toMatchObject({ offset: 22, length: 1, value: 64, shown: '64' });
  expect(ip?.named('ip.proto')[0]).toMatchObject({ offset: 23, length: 1, value: 1, meaning: 'ICMP' });
  expect(ip?.named('ip.checksum.status')[0]).toMatchObject({ length: 0, meaning: 'Good' });
});

test('a changed byte makes the checksum bad', () => {
  const changed = PING.slice();
  changed[22] = 63; // a TTL that nobody made a new checksum for
  expect(dissect(changed, 1)[1]).toMatchObject({ protocol: 'ip', checksum: 'bad' });
  changed[60] = 0xff;
  expect(dissect(changed, 1)[2]).toMatchObject({ protocol: 'icmp', checksum: 'bad' });
});

test('an ICMP error quotes the packet that it is about, and does not verify what was left for a NIC as broken', () => {
  const layers = dissect(PORT_UNREACHABLE, 1);
  expect(layers.map(({ protocol, quoted }) => [protocol, quoted])).toEqual([
    ['eth', false],
    ['ip', false],
    ['icmp', false],
    ['ip', true],
    ['udp', true],
    ['data', true],
  ]);
  expect(layers[4]).toMatchObject({ destinationPort: 9999, checksum: 'offloaded' });
});

test('VXLAN on Linux’s port carries a whole frame', () => {
  expect(protocols(VXLAN)).toEqual(['eth', 'ip', 'udp', 'vxlan', 'eth', 'ip', 'tcp']);
  const layers = dissect(VXLAN, 1);
  expect(layers[3]).toMatchObject({ vni: 1, length: 8 });
  expect(layers[5]).toMatchObject({ source: '10.244.1.0', destination: '10.244.2.0' });
});

describe('a packet cut at any byte', () => {
  test('is short where the capture says that it was longer', () => {
    for (let length = 0; length < VXLAN.length; length++) {
      const cut = dissect(VXLAN.subarray(0, length), 1, VXLAN.length);
      for (const layer of cut) expect(layer.protocol).not.toBe('_ws.malformed');
    }
    expect(dissect(VXLAN.subarray(0, 30), 1, VXLAN.length).at(-1)).toMatchObject({
      protocol: '_ws.short',
      of: 'ip',
      offset: 30,
      reason: 'ip header needs 20 bytes, 16 are there',
    });
  });

  test('keeps the fields that are there', () => {
    const ip = dissect(VXLAN.subarray(0, 30), 1, VXLAN.length)[1];
    expect(ip?.named('ip.src')[0]?.value).toBe('192.168.5.1');
    expect(ip?.named('ip.dst')).toEqual([]);
  });
});

test('headers in headers end after a bound', () => {
  const header = bytes('450000000000000040040000ac110002ac110003'); // IP in IP, total length 0: up to the end
  const packet = new Uint8Array(20 * 500);
  for (let at = 0; at < packet.length; at += 20) packet.set(header, at);
  const layers = dissect(packet, 101);
  expect(layers.length).toBeLessThan(60);
  expect(layers.at(-1)).toMatchObject({
    protocol: '_ws.malformed',
    reason: expect.stringContaining('inside each other'),
  });
});

test('64 kB of DNS names that all point to one long name end soon', () => {
  const packet = new Uint8Array(65_535);
  packet.set(bytes('4500ffff00000000 4011000001010101 02020202 00350035ffeb0000 00010100ffff000000000000'));
  let at = 40;
  for (let label = 0; label < 127; label++) packet.set([1, 0x61], at + 2 * label);
  at += 2 * 127 + 1;
  packet.set([0, 1, 0, 1], at);
  for (at += 4; at + 6 < packet.length; at += 6) packet.set([0xc0, 12, 0, 1, 0, 1], at);
  const layers = dissect(packet, 101);
  expect(layers.at(-1)).toMatchObject({
    protocol: '_ws.malformed',
    of: 'dns',
    reason: expect.stringContaining('more than 50000 labels'),
  });
  expect(layers.at(-2)?.info().length).toBeLessThanOrEqual(4096);
});

test('bytes after the IP packet are no part of what it carries', () => {
  const padded = (fill: number): Uint8Array => Uint8Array.from([...PING, ...new Array<number>(18).fill(fill)]);
  expect(described(padded(0xff), 1)).toEqual(described(padded(0), 1));
});

const capture = readFileSync(new URL('../../tests/fidelity/captures/bridge.pcapng', import.meta.url));
const LINK_TYPES = [0, 1, 12, 101, 113, 147, 228, 229, 276];

describe('whatever the bytes', () => {
  const check = (packet: Uint8Array, linkType: number, originalLength: number): void => {
    for (const layer of dissect(packet, linkType, originalLength)) {
      expect(layer.offset).toBeGreaterThanOrEqual(0);
      expect(layer.length).toBeGreaterThanOrEqual(0);
      expect(layer.offset + layer.length).toBeLessThanOrEqual(packet.length);
      expect(layer.info()).not.toMatch(/undefined|NaN/);
      for (const field of layer.fields()) {
        expect(field.offset).toBeGreaterThanOrEqual(0);
        expect(field.offset + field.length).toBeLessThanOrEqual(packet.length);
        expect(field.shown).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  };

  test('nothing throws, and nothing lies outside the packet', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...LINK_TYPES),
        fc.nat(300),
        (packet, linkType, more) => check(packet, linkType, packet.length + more),
      ),
      { numRuns: 2000 },
    );
  });

  test('the same for real packets with bytes changed and the end cut off', () => {
    const windows = fc.tuple(fc.nat(capture.length - 1), fc.integer({ min: 1, max: 200 }));
    const real = fc.constantFrom(PING, VXLAN, PORT_UNREACHABLE, ARP_ON_ANY);
    const start = fc.oneof(
      real,
      windows.map(([at, length]) => Uint8Array.from(capture.subarray(at, at + length))),
    );
    const edits = fc.array(fc.tuple(fc.nat(199), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(start, edits, fc.nat(200), fc.constantFrom(...LINK_TYPES), (original, changes, length, linkType) => {
        const packet = original.slice(0, Math.max(length, 1));
        for (const [at, value] of changes) if (at < packet.length) packet[at] = value;
        check(packet, linkType, original.length);
      }),
      { numRuns: 3000 },
    );
  });

  test('a view into a larger buffer decodes like a copy: nothing around it is looked at', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(PING, VXLAN, PORT_UNREACHABLE),
        fc.nat(120),
        fc.uint8Array({ minLength: 40, maxLength: 40 }),
        (whole, length, around) => {
          const packet = whole.subarray(0, Math.min(length, whole.length));
          const buffer = new Uint8Array(packet.length + 80);
          buffer.set(around);
          buffer.set(around, packet.length + 40);
          buffer.set(packet, 40);
          expect(described(buffer.subarray(40, 40 + packet.length), 1)).toEqual(described(packet.slice(), 1));
        },
      ),
    );
  });
});
