import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCapture } from '../capture/read-capture.ts';
import { summarize } from '../packet/summary.ts';
import { isBackground } from './background.ts';

const recorded = (name: string) =>
  readCapture(readFileSync(new URL(`../../tests/fidelity/captures/${name}`, import.meta.url))).packets;

it('is what goes to and from a port of etcd, and nothing else', () => {
  const ports = recorded('etcd.pcapng').map((packet) => ({
    is: isBackground(packet),
    info: summarize(packet.bytes, packet.linkType, packet.originalLength).info,
  }));
  expect(ports.filter(({ is }) => is).length).toBeGreaterThan(10);
  expect(ports.filter(({ is, info }) => !is && /(^|\D)(2379|2380)(\D|$)/.test(info))).toEqual([]);
  for (const name of ['bridge.pcapng', 'uplink.pcap', 'any.pcap'])
    expect(recorded(name).some((packet) => isBackground(packet))).toBe(false);
});

it('reads no byte that is not there', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(1, 276, 0), (bytes, linkType) => {
      expect(typeof isBackground({ bytes, linkType })).toBe('boolean');
    }),
  );
  for (const { bytes, linkType } of recorded('etcd.pcapng').slice(0, 20))
    for (let length = 0; length < Math.min(90, bytes.length); length++)
      expect(typeof isBackground({ bytes: bytes.subarray(0, length), linkType })).toBe('boolean');
});
