import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Hop } from '../hop/hop.ts';
import { hopsOfCapture } from '../hop/hops-of-capture.ts';
import { JourneyBuilder, stitch } from './builder.ts';
import { parseConntrack } from './evidence/conntrack.ts';
import type { WatchEvidence } from './evidence/drop.ts';
import { parseNftTrace } from './evidence/nft-trace.ts';
import type { Journey } from './journey.ts';
import { journeyJson } from './journey-json.ts';
import type { Topology } from './topology.ts';

// Real captures, of the network that fixtures/capture.ts builds: see fixtures/README.md.
const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const text = (name: string): string => fixture(name).toString('utf8');
const topology = JSON.parse(text('topology.json')) as Topology;
const hopsOf = (name: string): readonly Hop[] => hopsOfCapture(fixture(`${name}.pcapng`), name, 1).hops;
const conntrackOf = (name: string) => parseConntrack(text(`${name}.host-01.conntrack.txt`), 'host-01');

/** Whoever made them had one kernel, and the only drops are those of the fixtures about drops. */
const oneKernel = { oneTime: true };
const nothingElseDropped = ['host-01', 'host-02'].map(
  (machine): WatchEvidence => ({ kind: 'watch', machine, from: -Infinity, until: Infinity, sockets: false }),
);

function run(name: string, { conntrack = true, places = true } = {}): readonly Journey[] {
  return stitch(
    hopsOf(name),
    { ...(places ? { topology } : {}), conntrack: conntrack ? conntrackOf(name) : [], evidence: nothingElseDropped },
    oneKernel,
  );
}

function only(journeys: readonly Journey[], wanted: RegExp): Journey {
  const [found, ...more] = journeys.filter(({ summary }) => wanted.test(summary));
  if (found === undefined || more.length > 0) throw new Error(`${more.length + 1} journeys match ${wanted}`);
  return found;
}

const way = (journey: Journey): string[] => journey.hops.map(({ at }) => at);
const changed = (journey: Journey, at: string): Record<string, unknown> =>
  Object.fromEntries(
    journey.hops.find((hop) => hop.at === at)?.changes.map(({ field, from, to }) => [field, [from, to]]) ?? [],
  );

describe('a ping through a VXLAN overlay', () => {
  const request = only(run('overlay'), /request.*seq=1\//);

  it('goes container > bridge > tunnel > NIC > wire > NIC > tunnel > bridge > container', () => {
    expect(way(request)).toEqual([
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
    expect(request.end).toBe('delivered');
    expect(request.reached).toBe('host-02/far/eth0');
    expect(request).toMatchObject({ grade: 'seen', why: `it was answered: journey ${request.answeredBy}` });
  });

  it('says which headers were put on and taken off, and how many bytes', () => {
    const on = request.hops[3]?.changes[0];
    expect(on).toMatchObject({ field: 'encapsulation', from: null, to: 'ip / udp / vxlan / eth', bytes: 50 });
    expect(on?.why).toContain('10.0.0.11 → 10.0.0.12');
    expect(on?.why).toContain('VNI 1');
    expect(request.hops[6]?.changes[0]).toMatchObject({ field: 'encapsulation', to: null, bytes: -50 });
  });

  it('says what routers changed, and what changed with it', () => {
    const change = changed(request, 'host-01/flannel.1');
    expect(change['ip.ttl']).toEqual([64, 63]);
    expect(Object.keys(change)).toContain('ip.checksum');
    expect(Object.keys(change)).toContain('sll.src.eth');
    expect(changed(request, 'host-01/cni0')).toEqual({});
    expect(changed(request, 'wire/lan')).toEqual({});
  });

  it('knows its answer', () => {
    const reply = only(run('overlay'), /reply.*seq=1\//);
    expect(request.answeredBy).toBe(reply.id);
    expect(way(reply)[0]).toBe('host-02/vethfar');
    expect(way(reply)).toHaveLength(9);
  });
});

describe('a ping through source NAT', () => {
  it('is one journey, with the conntrack entry that explains the address', () => {
    const request = only(run('masquerade'), /request.*seq=1\//);
    expect(way(request)).toEqual(['host-01/vethcli', 'host-01/docker0', 'host-01/eth0', 'wire/lan', 'host-02/eth0']);
    const source = request.hops[2]?.changes.find(({ field }) => field === 'ip.src');
    expect(source).toMatchObject({ from: '172.17.0.3', to: '10.0.0.11' });
    expect(source?.why).toMatch(/^conntrack on host-01, entry \d+: .*source NAT/);
  });

  it('is two without the entry, and says that they may be one', () => {
    const journeys = run('masquerade', { conntrack: false });
    const [inside, outside] = journeys.filter(({ summary }) => /request.*seq=1\//.test(summary));
    expect(way(inside as Journey)).toEqual(['host-01/vethcli', 'host-01/docker0']);
    expect(way(outside as Journey)).toEqual(['host-01/eth0', 'wire/lan', 'host-02/eth0']);
    expect(inside?.notes[0]).toContain(`journey ${outside?.id}`);
    expect(outside?.notes[0]).toContain('conntrack does not say');
    expect(inside?.why).toContain('it was answered');
  });
});

it('follows a connection through destination NAT, segment by segment', () => {
  const journeys = run('published').filter(({ summary }) => /TCP|HTTP/.test(summary));
  expect(journeys.every(({ end }) => end === 'delivered')).toBe(true);
  const get = only(journeys, /GET/);
  expect(way(get)).toEqual(['host-02/eth0', 'wire/lan', 'host-01/eth0', 'host-01/docker0', 'host-01/vethweb']);
  expect(changed(get, 'host-01/docker0')).toMatchObject({
    'ip.dst': ['10.0.0.11', '172.17.0.2'],
    'tcp.dstport': [8080, 80],
  });
});

describe('what stops', () => {
  it('by a rule: the trace names it', () => {
    const evidence = parseNftTrace(text('dropped.host-01.trace.txt'), 'host-01');
    const [syn, again] = stitch(hopsOf('dropped'), { topology, evidence }, oneKernel).filter(({ summary }) =>
      /SYN/.test(summary),
    );
    expect(syn?.end).toBe('dropped');
    expect(syn?.why).toContain('tcp dport 9999');
    expect(syn?.why).toContain('ip filter FORWARD on host-01');
    expect(again?.repeats).toEqual({ kind: 'retransmission', of: syn?.id });
  });

  it('with nothing that shows why', () => {
    const syn = run('dropped', { conntrack: false }).find(({ summary }) => /SYN/.test(summary));
    expect(syn?.end).toBe('unknown');
    expect(syn?.why).toContain('nothing shows what became of it');
    expect(syn?.why).toContain('host-01/docker0');
  });

  it('where the TTL ran out', () => {
    const request = only(run('ttl', { conntrack: false }), /request/);
    expect(request).toMatchObject({ end: 'dropped' });
    expect(request.why).toContain('the TTL ran out at 10.244.1.1');
  });

  it('where nobody answers ARP', () => {
    const journeys = run('nobody');
    const request = only(journeys, /Echo/);
    expect(request.end).toBe('dropped');
    expect(request.why).toContain('nobody answered ARP: host-01 asked 3 times who has 10.0.0.99');
    const questions = journeys.filter(({ summary }) => /Who has 10.0.0.99/.test(summary));
    expect(questions.map(({ repeats }) => repeats?.kind ?? null)).toEqual([null, 'repeat', 'repeat']);
    expect(questions[0]?.why).toContain('nobody was seen to answer');
  });

  it('where no program listens; the error knows what it is about', () => {
    const journeys = run('closed');
    const datagram = only(journeys, /UDP/);
    expect(datagram.end).toBe('dropped');
    expect(datagram.why).toContain('port unreachable');
    expect(only(journeys, /Port unreachable/).about).toBe(datagram.id);
  });
});

describe('a packet in fragments', () => {
  const journeys = run('fragments');
  const whole = journeys.find(
    ({ summary, hops: [first] }) =>
      /request/.test(summary) && first?.at === 'host-01/cni0' && first.hop.direction === 'in',
  );

  it('is put together for the firewall and cut again for the tunnel', () => {
    expect(whole?.parts).toMatchObject({ kind: 'fragments', whole: whole?.id });
    expect(whole?.parts?.from).toHaveLength(2);
    expect(whole?.parts?.into).toHaveLength(2);
    expect(whole).toMatchObject({ end: 'delivered', grade: 'seen' });
  });

  it('has a journey for each piece, which ends as the whole does', () => {
    const pieces = journeys.filter(({ id }) =>
      [...(whole?.parts?.from ?? []), ...(whole?.parts?.into ?? [])].includes(id),
    );
    expect(pieces.map(({ end }) => end)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
    expect(way(pieces.at(-1) as Journey)).toHaveLength(7);
  });
});

it('shows a broadcast as the fork that it is', () => {
  const question = only(run('masquerade'), /Who has 172.17.0.1/);
  expect(question.fork).toBe('broadcast');
  expect(question.hops.map(({ at, after }) => [at, after])).toEqual([
    ['host-01/vethcli', -1],
    ['host-01/docker0', 0],
    ['host-01/vethweb', 0],
  ]);
});

it('finds the same ways from directions alone, without a topology', () => {
  for (const name of ['overlay', 'masquerade', 'published']) {
    const known = run(name).map((journey) => [...way(journey)].sort());
    const guessed = run(name, { places: false }).map((journey) => [...way(journey)].sort());
    expect(guessed).toEqual(known);
  }
  expect(way(only(run('overlay', { places: false }), /request.*seq=1\//))).toEqual(
    way(only(run('overlay'), /request.*seq=1\//)),
  );
});

it('gives the same live, hop by hop and asked in between, as at once', () => {
  for (const name of ['overlay', 'masquerade', 'fragments', 'nobody']) {
    const builder = new JourneyBuilder(oneKernel);
    const hops = [...hopsOf(name)].reverse();
    for (const hop of hops) {
      builder.add([hop]);
      expect(builder.journeyOf(hop.n)?.hops.map(({ hop: { n } }) => n)).toContain(hop.n);
    }
    builder.know({ topology });
    builder.journeys();
    builder.know({ conntrack: conntrackOf(name), evidence: nothingElseDropped });
    expect(builder.journeys().map(journeyJson)).toEqual(run(name).map(journeyJson));
  }
});

it('takes a hop that it has already for none', () => {
  const builder = new JourneyBuilder();
  const hops = hopsOf('overlay');
  builder.add(hops);
  builder.add(hops);
  expect(builder.size).toBe(hops.length);
});

it('keeps as many hops as it was told, the latest', () => {
  const builder = new JourneyBuilder({ keep: 40 });
  const hops = hopsOf('bulk').concat(hopsOf('published').map((hop) => ({ ...hop, id: hop.n + 1000 })));
  for (const hop of hops) builder.add([hop]);
  expect(builder.size).toBeLessThanOrEqual(40);
  expect(builder.journeyOf(hops.at(-1)?.n ?? 0)).toBeDefined();
  expect(builder.journeyOf(1)).toBeUndefined();
  expect(builder.journeys().flatMap(({ hops: seen }) => seen)).toHaveLength(builder.size);
});
