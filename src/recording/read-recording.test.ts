import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hop, WIRE } from '../hop/hop.ts';
import type { Evidence } from '../journey/evidence/evidence.ts';
import { buildGraph, EMPTY_GRAPH } from '../topology/build-graph.ts';
import type { Graph } from '../topology/graph.ts';
import { mergeGraphs } from '../topology/merge-graphs.ts';
import { parseReport } from '../topology/parse-report.ts';
import { ordered } from './graph-difference.ts';
import { readRecording } from './read-recording.ts';
import { graphAt, momentOf, type Recording, wholeGraph } from './recording.ts';
import { writeRecording } from './write-recording.ts';

/** What two kernels said, recorded from a real one (src/topology/fixtures). */
const graphs = ['host.report.json', 'host-without-web.report.json'].map((name) => {
  const parsed = parseReport(readFileSync(new URL(`../topology/fixtures/${name}`, import.meta.url), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.report;
});
const graphOf = (report: number, machine = 'host-01'): Graph =>
  graphs[report] === undefined ? EMPTY_GRAPH : buildGraph(machine, graphs[report]);

/** With an address from which its VXLAN device sends, so that two of them have a tunnel. */
const tunnelled = (graph: Graph, index: number): Graph => ({
  ...graph,
  devices: graph.devices.map((device) => {
    const local = `10.0.0.${index + 1}`;
    if (device.name === 'eth0') return { ...device, addresses: [`${local}/24`] };
    return device.vxlan === undefined ? device : { ...device, vxlan: { ...device.vxlan, local } };
  }),
});

const START = 1795596257.791;

/** Any graph that a lab of one or two machines may have: any part of what the kernels said. */
const anyGraph: fc.Arbitrary<Graph> = fc
  .record({
    wires: fc.subarray(['lan', 'wan']),
    reports: fc.array(fc.nat(1), { minLength: 1, maxLength: 2 }),
    without: fc.array(fc.nat(30), { maxLength: 6 }),
  })
  .map(({ wires, reports, without }) => {
    const all = mergeGraphs(
      reports.map((report, index) => tunnelled(graphOf(report, `host-0${index + 1}`), index)),
      { wires, wireOf: (_, device) => (device === 'eth0' ? wires[0] : undefined) },
    );
    const devices = all.devices.filter((_, index) => !without.includes(index));
    const ids = new Set([...devices, ...all.wires].map(({ id }) => id));
    return ordered({
      ...all,
      devices,
      edges: all.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
    });
  });

const micros = (most: number): fc.Arbitrary<number> => fc.nat(most).map((value) => value / 1000);
const anyText = fc.string({ unit: 'binary', maxLength: 40 });

const anyHop = (whole: Graph): fc.Arbitrary<Omit<Hop, 'n'>> =>
  fc
    .record({
      micro: fc.integer({ min: -5_000_000, max: 60_000_000 }),
      device: whole.devices.length === 0 ? fc.constant(undefined) : fc.option(fc.constantFrom(...whole.devices)),
      direction: fc.constantFrom('in' as const, 'out' as const),
      bytes: fc.uint8Array({ maxLength: 80 }),
      cut: fc.nat(2000),
      onWire: fc.boolean(),
    })
    .map(({ micro, device, direction, bytes, cut, onWire }) => ({
      time: Math.round(START * 1e6 + micro) / 1e6,
      ...(onWire
        ? { machine: WIRE, device: 'lan', deviceId: '', direction: 'unknown' as const, linkType: 1 }
        : {
            machine: device?.machine ?? 'host-01',
            ifindex: device?.ifindex ?? 7,
            device: device?.name ?? 'if7',
            deviceId: device?.id ?? '',
            direction,
            linkType: 276,
          }),
      bytes,
      originalLength: bytes.length + cut,
    }));

const told = { machine: anyText, time: micros(1e9), device: anyText, namespace: fc.nat(), location: anyText };
const anyEvidence: fc.Arbitrary<Evidence> = fc.oneof(
  fc.record({
    kind: fc.constant('socket' as const),
    ...told,
    protocol: fc.nat(0xffff),
    packet: fc.uint8Array({ maxLength: 80 }),
  }),
  fc.record({
    kind: fc.constant('watch' as const),
    machine: anyText,
    from: micros(1e9),
    until: fc.oneof(micros(1e9), fc.constant(Infinity)),
    sockets: fc.boolean(),
  }),
);

const anyRecording: fc.Arbitrary<Recording> = fc
  .array(fc.tuple(micros(60_000_000), anyGraph), { maxLength: 5 })
  .chain((moments) => {
    const timed = [...moments].sort(([a], [b]) => a - b).map(([at, graph]) => ({ at, graph }));
    return fc.record({
      lab: anyText,
      title: anyText,
      script: anyText,
      recorded: fc.constant('2026-11-25T08:44:18.210Z'),
      software: fc.array(fc.record({ name: anyText, version: anyText }), { maxLength: 3 }),
      start: fc.constant(START),
      graphs: fc.constant(timed),
      hops: fc
        .array(anyHop(wholeGraph({ graphs: timed } as unknown as Recording)), { maxLength: 8 })
        .map((hops) => hops.map((hop, index) => ({ n: index + 1, ...hop }))),
      terminal: fc.array(fc.record({ at: micros(1e9), machine: anyText, console: fc.nat(3), text: anyText }), {
        maxLength: 4,
      }),
      commands: fc.array(
        fc
          .record({ at: micros(1e9), lasts: micros(1e9), machine: anyText, text: anyText })
          .map(({ at, lasts, ...rest }) => ({ at, until: Math.round((at + lasts) * 1000) / 1000, ...rest })),
        { maxLength: 3 },
      ),
      conntrack: fc.array(fc.record({ machine: anyText, text: anyText }), { maxLength: 2 }),
      evidence: fc.array(anyEvidence, { maxLength: 3 }),
    });
  });

test('what is written is read again, to the microsecond and the last byte', () => {
  fc.assert(
    fc.property(anyRecording, (recording) => {
      expect(readRecording(writeRecording(recording))).toEqual({ ok: true, recording });
    }),
  );
});

/** A recording with something of everything in it. */
const sample: Recording = {
  lab: 'super-bridge',
  title: 'The super bridge',
  script: 'first-ping',
  recorded: '2026-11-25T08:44:18Z',
  software: [{ name: 'Linux', version: '6.1' }],
  start: START,
  graphs: [
    { at: 0, graph: ordered(graphOf(1)) },
    { at: 1200.5, graph: ordered(graphOf(0)) },
  ],
  hops: [
    {
      n: 1,
      machine: 'host-01',
      time: START + 1.5,
      ifindex: 3,
      device: 'docker0',
      deviceId: graphOf(0).devices.find(({ name }) => name === 'docker0')?.id ?? '',
      direction: 'in',
      linkType: 276,
      bytes: Uint8Array.of(1, 2, 3, 4),
      originalLength: 90,
    },
  ],
  terminal: [{ at: 10, machine: 'host-01', console: 0, text: '\u001b[1mroot@host-01\u001b[0m# ' }],
  commands: [{ at: 12, until: 400, machine: 'host-01', text: 'ip addr' }],
  conntrack: [{ machine: 'host-01', text: '' }],
  evidence: [{ kind: 'watch', machine: 'host-01', from: START, until: START + 2, sockets: true }],
};
const sampleText = writeRecording(sample);

test('a wire has neither in nor out, whatever an older recording says', () => {
  const hop: Hop = {
    n: 1,
    machine: WIRE,
    time: START,
    device: 'lan',
    deviceId: '',
    direction: 'unknown',
    linkType: 1,
    bytes: Uint8Array.of(1),
    originalLength: 1,
  };
  const text = writeRecording({ ...sample, hops: [hop] });
  expect(readRecording(text.replace('"bytes":"', '"way":"out","bytes":"'))).toMatchObject({
    recording: { hops: [hop] },
  });
  expect(readRecording(sampleText.replace('"way":"in",', ''))).toMatchObject({ ok: false });
});

test('a second graph costs its changes only', () => {
  const line = (at: number): string => sampleText.split('\n').find((one) => one.startsWith(`{"at":${at},"put"`)) ?? '';
  expect(line(1200.5).length).toBeGreaterThan(100);
  expect(line(1200.5).length).toBeLessThan(line(0).length / 2);
});

test('says which picture belongs to a moment', () => {
  const names = (at: number) => graphAt(sample, at)?.namespaces.map(({ name }) => name);
  expect(names(0)).not.toContain('web');
  expect(names(1200)).not.toContain('web');
  expect(names(momentOf(sample, START + 1.5))).toContain('web');
  expect(wholeGraph(sample).namespaces.map(({ name }) => name)).toContain('web');
});

describe('what is not a recording is refused with its place', () => {
  const change = (edit: (value: Record<string, unknown>) => void): string => {
    const value = JSON.parse(sampleText) as Record<string, unknown>;
    edit(value);
    return JSON.stringify(value);
  };
  const first = (value: Record<string, unknown>, key: string): Record<string, unknown> =>
    (value[key] as Record<string, unknown>[])[0] ?? {};
  test.each([
    ['no JSON', '{', 'not JSON'],
    ['another file', '{"format":"pcap"}', 'format: expected "lockstep recording"'],
    ['null', 'null', 'format: expected'],
    ['a later version', change((value) => Object.assign(value, { version: 4 })), 'version: expected 3'],
    ['an unknown key', change((value) => Object.assign(value, { extra: 1 })), 'top level: expected only format'],
    ['a missing list', change((value) => delete value['terminal']), 'terminal: expected a list, got nothing'],
    ['a date', change((value) => Object.assign(value, { recorded: 'yesterday' })), 'recorded: expected a time'],
    ['bytes', change((value) => Object.assign(first(value, 'hops'), { bytes: 'A' })), 'hops[0].bytes: expected base64'],
    ['a way', change((value) => Object.assign(first(value, 'hops'), { way: 'up' })), 'hops[0].way: expected in or out'],
    [
      'a place',
      change((value) => Object.assign(first(value, 'hops'), { place: 9 })),
      'hops[0].place: expected a place',
    ],
    [
      'a device',
      change((value) => Object.assign(first(value, 'places'), { id: 'elsewhere' })),
      'places[0].id: expected a device',
    ],
    [
      'what is gone but needed',
      change((value) => Object.assign((value['graphs'] as object[])[1] ?? {}, { gone: ['host-01'] })),
      'graphs[1]: expected the machine of namespace',
    ],
    [
      'time that runs backwards',
      change((value) => Object.assign(first(value, 'graphs'), { at: 2000 })),
      'graphs[1].at: expected a number from 2000',
    ],
  ])('%s', (_, text, error) => {
    const read = readRecording(text);
    expect(read.ok ? 'read' : read.error).toContain(error);
  });
});

test('a changed file is read, or refused with a reason: never an exception', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'"[]{},:0-9eA=\\ue')), { maxLength: 4 }), (edits) => {
      let text = sampleText;
      for (const [at, char] of edits) {
        const place = at % text.length;
        text = text.slice(0, place) + char + text.slice(place + 1);
      }
      const read = readRecording(text);
      if (!read.ok) expect(read.error).toMatch(/^recording: /);
    }),
    { numRuns: 300 },
  );
});

test('any JSON in the place of any part is read, or refused with a reason', () => {
  const parts = Object.keys(JSON.parse(sampleText) as object);
  fc.assert(
    fc.property(fc.constantFrom(...parts), fc.jsonValue({ maxDepth: 3 }), (part, value) => {
      const read = readRecording(JSON.stringify({ ...(JSON.parse(sampleText) as object), [part]: value }));
      if (!read.ok) expect(read.error).toMatch(/^recording: /);
    }),
    { numRuns: 300 },
  );
});
