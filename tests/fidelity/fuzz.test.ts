// Recorded and hand-written packets with bytes changed and ends cut off: whatever arrives, decoding ends with layers that lie
// inside the packet. 20,000 packets here; LOCKSTEP_FUZZ=1000000 for more. fast-check prints the seed of a failure.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCapture } from '../../src/capture/read-capture.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { summarizeLayers } from '../../src/packet/summary.ts';
import { BROKEN, FRAMES } from './corner-cases.ts';

const { LOCKSTEP_FUZZ = '20000' } = process.env;
const RUNS = Number(LOCKSTEP_FUZZ);

const recorded = ['bridge.pcapng', 'any.pcap', 'sll.pcap', 'uplink.pcap'].flatMap(
  (name) => readCapture(readFileSync(new URL(`captures/${name}`, import.meta.url))).packets,
);
const written = [...Object.values(FRAMES), ...Object.values(BROKEN).map(([bytes]) => bytes)];
const originals = [...recorded, ...written.map((bytes) => ({ bytes, linkType: 1 }))];

/** Values that lengths and DNS pointers trip over. */
const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xff));
const edits = fc.array(fc.tuple(fc.nat(160), byte), { maxLength: 6 });
const cut = fc.oneof(fc.constant(0), fc.nat(120));

/** What is wrong with what was decoded, or null. Not expect(): it runs a million times. */
function complaint(packet: Uint8Array, linkType: number, originalLength: number): string | null {
  const layers = dissect(packet, linkType, originalLength);
  const { info } = summarizeLayers(layers);
  if (/undefined|NaN/.test(info)) return `summary "${info}"`;
  for (const layer of layers) {
    if (layer.offset < 0 || layer.length < 0 || layer.offset + layer.length > packet.length)
      return `${layer.protocol} lies outside`;
    for (const { name, offset, length, shown } of layer.fields()) {
      if (offset < layer.offset && layer.protocol !== 'dns' && layer.protocol !== 'mdns')
        return `${name} lies before its layer`;
      if (length < 0 || offset + length > packet.length) return `${name} lies outside`;
      if (/undefined|NaN|\[object/.test(shown)) return `${name} is shown as "${shown}"`;
    }
  }
  return null;
}

test(`${RUNS} mutated packets are decoded without harm`, () => {
  fc.assert(
    fc.property(fc.nat(originals.length - 1), edits, cut, (index, changes, missing) => {
      const original = originals[index];
      if (original === undefined) return;
      const packet = original.bytes.slice(0, Math.max(original.bytes.length - missing, 0));
      for (const [at, value] of changes) if (at < packet.length) packet[at] = value;
      expect(complaint(packet, original.linkType, original.bytes.length)).toBeNull();
    }),
    { numRuns: RUNS },
  );
}, 600_000);
