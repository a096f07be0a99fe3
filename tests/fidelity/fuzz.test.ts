// Recorded and hand-written packets with bytes changed, ends cut off, and under other link types than their own: whatever arrives,
// decoding ends with layers that lie inside the packet. 20,000 packets here, a million in `npm run fuzz`. fast-check prints the
// seed of a failure.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LinkType } from '../../src/capture/link-type.ts';
import { readCapture } from '../../src/capture/read-capture.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { allFields, fieldInfo } from '../../src/packet/filter/registry.ts';
import type { Layer } from '../../src/packet/layer.ts';
import { Watcher } from '../../src/packet/stream/watcher.ts';
import { type PacketSummary, summarize, summarizeLayers } from '../../src/packet/summary.ts';
import { BROKEN, FRAMES } from './corner-cases.ts';
import { SERVICE_FRAMES } from './service-cases.ts';

const { LOCKSTEP_FUZZ = '20000' } = process.env;
const RUNS = Number(LOCKSTEP_FUZZ);

const folder = new URL('captures/', import.meta.url);
const recorded = readdirSync(folder)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .flatMap((name) => readCapture(new Uint8Array(readFileSync(new URL(name, folder)))).packets);
const written = [
  ...Object.values(FRAMES),
  ...Object.values(SERVICE_FRAMES),
  ...Object.values(BROKEN).map(([bytes]) => bytes),
];
const originals = [...recorded, ...written.map((bytes) => ({ bytes, linkType: LinkType.EN10MB }))];

/** Values that lengths and DNS pointers trip over. */
const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xff));
/** Mostly among the headers. */
const place = fc.oneof({ weight: 3, arbitrary: fc.nat(160) }, fc.nat(1500));
const edits = fc.array(fc.tuple(place, byte), { maxLength: 6 });
const cut = fc.oneof(fc.constant(0), fc.nat(120));
const otherLinkType = fc.oneof(
  { weight: 9, arbitrary: fc.constant(null) },
  fc.constantFrom(...Object.values(LinkType), 147),
);

const lineOf = ({ protocol, family, source, destination, info }: PacketSummary): string =>
  `${source} → ${destination} ${protocol} ${family} ${info}`;

const seen = new Set<string>();

/** What is wrong with what was decoded, or null. Not expect(): it runs a million times. */
function complaint(packet: Uint8Array, linkType: number, originalLength: number): string | null {
  const layers = dissect(packet, linkType, originalLength);
  const line = lineOf(summarizeLayers(layers));
  if (/undefined|NaN/.test(line)) return `summary "${line}"`;
  if (lineOf(summarize(packet, linkType, originalLength)) !== line) return `summary is not "${line}"`;
  // The same with what the packets before it tell, as far as they make any sense to one another.
  const time = { seconds: ++number, nanoseconds: 0 };
  const facts = watcher.see({ bytes: packet, linkType, originalLength, ...time }, number, '');
  const known = dissect(packet, linkType, originalLength, facts);
  if (/undefined|NaN/.test(lineOf(summarizeLayers(known)))) return `summary "${lineOf(summarizeLayers(known))}"`;
  return wrongIn(layers) ?? (facts === null ? null : wrongIn(known));
}

const watcher = new Watcher();
let number = 0;

function wrongIn(layers: readonly Layer[]): string | null {
  for (const layer of layers) {
    const { protocol, bytes } = layer;
    seen.add(protocol);
    if (layer.offset < 0 || layer.length < 0 || layer.offset + layer.length > bytes.length)
      return `${protocol} lies outside`;
    for (const { name, offset, length, shown } of layer.fields()) {
      if (fieldInfo(name) === null) return `${name} is not in the registry`;
      if (offset < layer.offset && protocol !== 'dns' && protocol !== 'mdns') return `${name} lies before its layer`;
      if (length < 0 || offset + length > bytes.length) return `${name} lies outside`;
      if (/undefined|NaN|\[object/.test(shown)) return `${name} is shown as "${shown}"`;
    }
  }
  return null;
}

test(`${RUNS} mutated packets are decoded without harm`, () => {
  // As they came: of a protocol that one packet has, changed ones may not be among so few.
  for (const { bytes, linkType } of originals) expect(complaint(bytes, linkType, bytes.length)).toBeNull();
  fc.assert(
    fc.property(fc.nat(originals.length - 1), edits, cut, otherLinkType, (index, changes, missing, linkType) => {
      const original = originals[index];
      if (original === undefined) return;
      const packet = original.bytes.slice(0, Math.max(original.bytes.length - missing, 0));
      for (const [at, value] of changes) if (at < packet.length) packet[at] = value;
      const link = linkType ?? original.linkType;
      expect(complaint(packet, link, original.bytes.length)).toBeNull();
    }),
    { numRuns: RUNS },
  );
  const protocols = allFields().flatMap(({ name, type }) => (type === 'protocol' && name !== 'frame' ? [name] : []));
  expect(protocols.filter((name) => !seen.has(name))).toEqual([]);
}, 3_600_000);
