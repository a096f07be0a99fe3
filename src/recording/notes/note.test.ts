import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPcapng } from '../../capture/pcapng.ts';
import { PcapngWriter } from '../../capture/pcapng-writer.ts';
import { CaptureHopReader, hopsOfCapture } from '../../hop/hops-of-capture.ts';
import { type Context, stitch } from '../../journey/builder.ts';
import { parseConntrack } from '../../journey/evidence/conntrack.ts';
import type { DropEvidence, WatchEvidence } from '../../journey/evidence/drop.ts';
import { parseNftTrace } from '../../journey/evidence/nft-trace.ts';
import { journeyJson } from '../../journey/journey-json.ts';
import { topologyOf } from '../../lab/journey-topology.ts';
import { buildGraph } from '../../topology/build-graph.ts';
import { parseReport } from '../../topology/parse-report.ts';
import { ContextNews } from './context-news.ts';
import { mergeContexts } from './merge-contexts.ts';
import { type Note, noteTexts, readNote } from './note.ts';
import { NoteCollector } from './note-collector.ts';

const word = fc.string({ maxLength: 20 });
const moment = fc.double({ min: 0, max: 2e9, noNaN: true }).map((time) => time + 0);
const natural = fc.nat(70_000);
const tuple = fc.record({
  protocol: fc.nat(255),
  source: word,
  destination: word,
  sourcePort: natural,
  destinationPort: natural,
});
const named = {
  machine: word,
  time: moment,
  device: word,
  namespace: natural,
  location: word,
  protocol: natural,
  packet: fc.uint8Array({ maxLength: 200 }),
};
const form = fc.record({
  in: fc.constantFrom('', 'eth0'),
  out: fc.constantFrom('', 'eth0'),
  source: word,
  destination: word,
  sourcePort: fc.integer({ min: -1, max: 65_535 }),
  destinationPort: fc.integer({ min: -1, max: 65_535 }),
  ttl: fc.integer({ min: -1, max: 255 }),
  mark: fc.nat(0x7fff_ffff).map((mark) => mark * 2),
});
const step = fc.record({
  chain: word,
  kind: fc.constantFrom('rule' as const, 'return' as const, 'policy' as const),
  handle: natural,
  verdict: fc.constantFrom('', 'DROP', 'JUMP DOCKER'),
  text: fc.string({ maxLength: 1000 }),
});
const evidence = fc.oneof(
  fc.record({
    kind: fc.constant('rules' as const),
    machine: word,
    from: moment,
    until: fc.oneof(moment, fc.constant(Infinity)),
    number: word,
    identification: fc.integer({ min: -1, max: 65_535 }),
    length: natural,
    flags: fc.constantFrom('', 'SYN ACK'),
    isWhole: fc.boolean(),
    came: form,
    visits: fc.array(
      fc.record({
        version: fc.constantFrom(0, 4, 6),
        table: word,
        chain: word,
        form,
        steps: fc.array(step, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    kind: fc.constant('trace' as const),
    machine: word,
    source: word,
    destination: word,
    identification: fc.integer({ min: -1, max: 65_535 }),
    sourcePort: fc.integer({ min: -1, max: 65_535 }),
    destinationPort: fc.integer({ min: -1, max: 65_535 }),
    chain: word,
    rule: fc.string({ maxLength: 2000 }),
  }),
  fc.record(
    {
      kind: fc.constant('drop' as const),
      ...named,
      reason: word,
      conntrackFull: fc.boolean(),
      qdisc: word,
    },
    {
      requiredKeys: [
        'kind',
        'machine',
        'time',
        'device',
        'namespace',
        'location',
        'protocol',
        'packet',
        'reason',
        'conntrackFull',
      ],
    },
  ),
  fc.record({ kind: fc.constant('socket' as const), ...named }),
  fc.record({
    kind: fc.constant('gap' as const),
    machine: word,
    from: moment,
    until: moment,
    count: natural,
  }),
  fc.record({
    kind: fc.constant('watch' as const),
    machine: word,
    from: moment,
    until: fc.oneof(moment, fc.constant(Infinity)),
    sockets: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('counter' as const),
    machine: word,
    from: moment,
    until: moment,
    packets: natural,
    what: word,
    match: fc.record({ device: word, inDevice: word, protocol: natural, chain: word }, { requiredKeys: [] }),
  }),
);
const device = fc.record(
  {
    machine: word,
    namespace: word,
    name: word,
    ifindex: natural,
    kind: fc.constantFrom('nic' as const, 'bridge' as const, 'veth' as const, 'tunnel' as const),
    addresses: fc.array(word, { maxLength: 3 }),
    peer: fc.record({ namespace: word, name: word }, { requiredKeys: ['name'] }),
    bridge: word,
    lower: word,
    wire: word,
  },
  { requiredKeys: ['machine', 'name', 'kind', 'addresses'] },
);
const gap = fc
  .tuple(word, moment, fc.nat(1000), natural)
  .map(([machine, from, more, count]) => ({ machine, from, until: from + more, count }));
const topology = fc.record({ devices: fc.array(device, { maxLength: 5 }) });
const context: fc.Arbitrary<Context> = fc.record(
  {
    topology,
    past: fc.array(fc.record({ until: moment, topology }), { maxLength: 3 }),
    conntrack: fc.array(fc.record({ machine: word, original: tuple, reply: tuple, id: word }), { maxLength: 5 }),
    evidence: fc.array(evidence, { maxLength: 5 }),
    gaps: fc.array(gap, { maxLength: 5 }),
  },
  { requiredKeys: [] },
);

/** What was noted, read back: lists that are empty say nothing, and are left out. */
function readBack(notes: readonly Note[]): NoteCollector {
  const collector = new NoteCollector();
  for (const text of notes.flatMap(noteTexts)) collector.add(text);
  return collector;
}
const withoutEmpty = (all: Context): Context =>
  Object.fromEntries(Object.entries(all).filter(([, part]) => !Array.isArray(part) || part.length > 0));

describe('a note', () => {
  test('is read back as it was, whatever is known', () => {
    fc.assert(
      fc.property(context, word, (known, lab) => {
        const read = readBack([{ lab }, { context: known }]);
        expect([read.trouble, read.lab]).toEqual(['', lab]);
        expect(read.context).toEqual(withoutEmpty(known));
      }),
    );
  });

  test('goes on in another one when a list is long, and is never a large text', () => {
    const gaps = Array.from({ length: 30_000 }, (_, at) => ({ machine: 'host-01', from: at, until: at + 1, count: 1 }));
    const texts = noteTexts({ context: { gaps } });
    expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(100_000);
    expect(readBack([{ context: { gaps } }]).context.gaps).toEqual(gaps);
  });

  test.each([
    [
      '{"format":"lockstep-note","version":1,"context":{"gaps":[{"machine":7}]}}',
      'context.gaps[0].machine: expected a string, got 7',
    ],
    [
      '{"format":"lockstep-note","version":1,"context":{"conntrack":[{"machine":"a"}]}}',
      'context.conntrack[0].original',
    ],
    [
      '{"format":"lockstep-note","version":1,"context":{"evidence":[{"kind":"rumour"}]}}',
      'evidence[0].kind: expected trace or drop or socket or gap or watch or counter',
    ],
    [
      '{"format":"lockstep-note","version":1,"context":{"gaps":[{"machine":"a","from":2,"until":1,"count":1}]}}',
      'no moment before',
    ],
    ['{"format":"lockstep-note","version":1,"hearsay":[]}', 'unknown key'],
    ['{"format":"lockstep-note","version":2}', 'version: expected 1'],
    ['{"format":"something-else"}', 'format: expected "lockstep-note"'],
    ['not JSON', 'not JSON'],
  ])('that is none is refused, and says where: %s', (text, words) => {
    const read = readNote(text);
    expect(read.ok ? '' : read.error).toContain(words);
    const collector = new NoteCollector();
    for (let i = 0; i < 3; i++) collector.add(text);
    expect(collector.trouble).toContain('(3 times; the first note: ');
    expect(collector.context).toEqual({});
  });

  test('never throws, whatever the text is', () => {
    const json = fc
      .json()
      .chain((text) => fc.constantFrom(text, `{"format":"lockstep-note","version":1,"context":${text}}`));
    fc.assert(
      fc.property(fc.oneof(fc.string(), json), (text) => {
        new NoteCollector().add(text);
      }),
    );
  });

  test('keeps a bounded number of things, and says what it left out', () => {
    const collector = new NoteCollector();
    const gaps = Array.from({ length: 500 }, () => ({ machine: 'a', from: 1, until: 2, count: 1 }));
    for (let i = 0; i < 201; i++) for (const text of noteTexts({ context: { gaps } })) collector.add(text);
    expect(collector.context.gaps?.length).toBe(100_000);
    expect(collector.trouble).toContain('500 pieces of evidence were left out');
  });

  const watch: WatchEvidence = { kind: 'watch', machine: 'a', from: 1, until: 9000, sockets: false };
  const drop = (time: number): DropEvidence => ({
    ...{ kind: 'drop', machine: 'a', time, device: 'eth0', namespace: 1, reason: 'NETFILTER_DROP', location: '' },
    ...{ protocol: 0x0800, packet: Uint8Array.of(0x45), conntrackFull: false },
  });

  test('knows when drops were that it left out', () => {
    const collector = new NoteCollector();
    for (let i = 0; i < 201; i++) {
      const evidence = [watch, ...Array.from({ length: 499 }, () => drop(i + 1))];
      for (const text of noteTexts({ context: { evidence } })) collector.add(text);
    }
    expect(collector.context.evidence?.at(-1)).toEqual({
      kind: 'gap',
      machine: 'a',
      from: 201,
      until: 201,
      count: 499,
    });
  });

  test('takes no kernel to have told of every drop, where something of what was told cannot be read', () => {
    const collector = new NoteCollector();
    for (const text of noteTexts({ context: { evidence: [watch, drop(5)] } })) collector.add(text);
    expect(collector.context.evidence).toEqual([watch, drop(5)]);
    collector.add('{"format":"lockstep-note","version":1,"context":{"evidence":[{"kind":"hearsay"}]}}');
    expect(collector.context.evidence).toEqual([drop(5)]);
  });
});

test('only news is written: what is known is told once, and anew when it is another thing', () => {
  const news = new ContextNews();
  const [one, two] = [
    { machine: 'a', from: 1, until: 2, count: 1 },
    { machine: 'a', from: 3, until: 4, count: 1 },
  ];
  const topology = { devices: [] };
  expect(news.since({ topology, gaps: [one] })).toEqual({ topology, gaps: [one] });
  expect(news.since({ topology, gaps: [one] })).toBeNull();
  expect(news.since({ topology, gaps: [one, two] })).toEqual({ gaps: [two] });
  expect(news.since({ topology: { devices: [] }, gaps: [two] })).toEqual({ topology: { devices: [] } });
});

test('several sources are one: lists follow each other, and a device that two name is as the later one says', () => {
  const nic = (addresses: readonly string[]) => ({ machine: 'a', name: 'eth0', kind: 'nic' as const, addresses });
  const other = { ...nic([]), machine: 'b' };
  const gaps = [{ machine: 'a', from: 1, until: 2, count: 1 }];
  expect(
    mergeContexts([
      { topology: { devices: [nic([])] }, gaps },
      {},
      { topology: { devices: [other, nic(['10.0.0.1'])] }, gaps },
    ]),
  ).toEqual({ topology: { devices: [nic(['10.0.0.1']), other] }, gaps: [...gaps, ...gaps] });
  const one = { topology: { devices: [other] }, past: [{ until: 1, topology: { devices: [] } }] };
  expect(mergeContexts([{ gaps }, one])).toEqual({ gaps, ...one });
  expect(mergeContexts([one, { topology: { devices: [] } }])).toEqual({ topology: one.topology });
});

describe('in a capture', () => {
  const fixtures = new URL('../../journey/fixtures/', import.meta.url);
  const text = (name: string): string => readFileSync(new URL(name, fixtures), 'utf8');
  const report = parseReport(text('topology.json'));

  /** A recorded scenario, and what was known of it. */
  function scenario(name: string) {
    const { hops } = hopsOfCapture(new Uint8Array(readFileSync(new URL(`${name}.pcapng`, fixtures))), name, 1);
    return hops;
  }

  test('journeys of the file say what was said with everything at hand', () => {
    const known: Context = {
      conntrack: parseConntrack(text('masquerade.host-01.conntrack.txt'), 'host-01'),
      evidence: parseNftTrace(text('dropped.host-01.trace.txt'), 'host-01'),
      ...(report.ok ? { topology: topologyOf(buildGraph('host-01', report.report)) } : {}),
    };
    const hops = [...scenario('dropped'), ...scenario('masquerade')].map((hop, at) => ({ ...hop, n: at + 1 }));
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'Lockstep' });
    const interfaces = new Map<string, number>();
    const note = (one: Note): void => {
      for (const each of noteTexts(one)) writer.note(each);
    };
    note({ lab: 'fixtures' });
    for (const hop of hops) {
      const key = `${hop.linkType} ${hop.machine}/${hop.device}`;
      const number =
        interfaces.get(key) ?? writer.addInterface({ name: `${hop.machine}/${hop.device}`, linkType: hop.linkType });
      interfaces.set(key, number);
      if (hop.n === 3) note({ next: { undelivered: 'the cable of host-02 is out' } });
      const { direction } = hop;
      writer.packet(number, {
        bytes: hop.bytes,
        originalLength: hop.originalLength,
        time: { seconds: Math.floor(hop.time), nanoseconds: Math.round((hop.time % 1) * 1e6) * 1000 },
        ...(direction === 'unknown' ? {} : { direction }),
      });
    }
    note({ context: known });

    const notes = new NoteCollector();
    const reader = new CaptureHopReader('file', 1, notes);
    reader.push(Uint8Array.from(Buffer.concat(chunks)));
    const read = reader.end();
    expect([read.error, read.leftOut, notes.trouble, notes.lab]).toEqual([null, '', '', 'fixtures']);
    expect(read.hops.map(({ undelivered }) => undelivered).indexOf('the cable of host-02 is out')).toBe(2);

    const plain = read.hops.map(({ undelivered: _, ...hop }) => hop);
    const said = stitch(plain, notes.context).map(journeyJson);
    expect(said).toEqual(stitch(hops, known).map(journeyJson));
    expect(said.some(({ end }) => end === 'dropped')).toBe(true);
    // Without what was noted it would not be known.
    expect(stitch(plain).some(({ end }) => end === 'dropped')).toBe(false);
  });

  test('a note before the first interface stands behind it, since other programs refuse it in front', () => {
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'Lockstep' });
    writer.note('{"a":1}');
    writer.addInterface({ name: 'x', linkType: 1 });
    writer.note('{"ä":22}');
    const types = chunks.map((chunk) => new DataView(chunk.buffer).getUint32(0, true));
    expect(types).toEqual([0x0a0d0d0a, 1, 0x80004c53, 0x80004c53]);
    expect(readPcapng(Uint8Array.from(Buffer.concat(chunks))).notes).toEqual(['{"a":1}', '{"ä":22}']);
  });

  test('a note is written even if no interface ever comes', () => {
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'Lockstep' });
    writer.note('{}');
    writer.finish();
    writer.finish();
    expect(readPcapng(Uint8Array.from(Buffer.concat(chunks)))).toMatchObject({ notes: ['{}'], error: null });
  });
});
