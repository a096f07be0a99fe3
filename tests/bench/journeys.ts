// How long it takes to put journeys together: of many packets at once, as of a capture, of floods in which packets are equal, and of the
// one that somebody asks about in a lab in which packets go on coming.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bench } from '../../src/cli/bench/figure.ts';
import type { Hop } from '../../src/hop/hop.ts';
import { JourneyBuilder } from '../../src/journey/builder.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { cooked, ipv4, tapped, topology, udp, walk } from '../support/journey.ts';
import { percentile } from './support/percentile.ts';

const names = {
  mix: '100,000 hops of a mix of packets, as journeys',
  memory: 'memory of these journeys',
  equal: '20,000 equal DHCP requests, as journeys',
  segments: '16,000 sightings of large TCP segments, as journeys',
  asked: 'a journey that is asked for in a busy lab, p95',
};

const place = { machine: 'host-01', direction: 'in', linkType: 276 } as const;

function mix(count: number): Hop[] {
  const hops: Hop[] = [];
  const kinds = ['neighbour', 'overlay', 'masquerade', 'published'] as const;
  const protocols = [1, 6, 17] as const;
  for (let i = 0; hops.length < count; i++) {
    const kind = kinds[i % 4] ?? 'neighbour';
    const flow = { host: i % 3, container: i % 2, kind, away: 1 as const, protocol: protocols[i % 3] ?? 1, size: 40 };
    for (const hop of walk(flow, i, i * 0.0003).hops) hops.push(tapped(hop, hops.length + 1, [0, 0, 0, 0]));
  }
  return hops;
}

function equal(count: number): Hop[] {
  const tuple = { protocol: 17, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 68, destinationPort: 67 };
  const bytes = cooked(ipv4(tuple, 64, 0, udp(tuple, new Uint8Array(300).fill(1))), false);
  return Array.from({ length: count }, (_, i) => ({
    ...{ n: i + 1, ...place, device: 'docker0', time: 10 + i * 0.001 },
    ...{ bytes, originalLength: bytes.length },
  }));
}

function segments(count: number): Hop[] {
  const tuple = { protocol: 6, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 40000, destinationPort: 80 };
  return Array.from({ length: count }, (_, i) => {
    const packet = i >> 1;
    const segment = new Uint8Array(8020).fill(packet, 20);
    const head = new DataView(segment.buffer);
    head.setUint16(0, 40000);
    head.setUint16(2, 80);
    head.setUint32(4, packet * 8000);
    head.setUint32(8, 1);
    segment.set([0x50, 0x18, 0, 1], 12);
    const bytes = cooked(ipv4(tuple, 64, packet & 0xffff, segment), false);
    const later = i % 2 === 1;
    const time = 10 + packet * 0.0001 + (later ? 0.00001 : 0);
    return { n: i + 1, ...place, device: later ? 'docker0' : 'veth-c0', time, bytes, originalLength: bytes.length };
  });
}

/** Seconds until all their journeys are there, and MB that are kept of them. */
function putTogether(hops: readonly Hop[], gc: () => void): { readonly seconds: number; readonly megabytes: number } {
  gc();
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  const builder = new JourneyBuilder();
  builder.know({ topology });
  builder.add(hops);
  const journeys = builder.journeys();
  const seconds = (performance.now() - began) / 1000;
  gc();
  const megabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  if (journeys.length === 0) throw new Error('no journeys');
  return { seconds, megabytes };
}

/** ms for each of the last packets, asked for as soon as it was seen, with as many before it as a lab keeps. */
async function askedInALab(signal: AbortSignal): Promise<number[]> {
  const lab = await createNodeLab('super-bridge');
  const journeys = new LabJourneys(lab);
  const times: number[] = [];
  let seen = 0;
  lab.onHops((batch) => {
    journeys.add(batch.hops);
    seen += batch.hops.length;
    const last = batch.hops.at(-1);
    if (seen < 20_000 || last === undefined) return;
    const began = performance.now();
    journeys.of(last.n);
    times.push(performance.now() - began);
  });
  try {
    await lab.start();
    const [host] = lab.machines;
    await host?.exec('docker run -d --name web whoami; docker run -d --name client toolbox sleep 1000', {
      timeout: 240_000,
    });
    const ping = 'docker exec client ping -q -c 400 -i 0.02 172.17.0.2';
    for (let rounds = 0; rounds < 60 && times.length < 500; rounds++) {
      signal.throwIfAborted();
      await host?.exec(ping, { timeout: 240_000 });
    }
    return times;
  } finally {
    journeys.dispose();
    await lab.dispose();
  }
}

export const bench: Bench = {
  name: 'journeys',
  figures: [
    { name: names.mix, unit: 's', target: { max: 2 }, in: 'node' },
    { name: names.memory, unit: 'MB', target: { max: 200 } },
    { name: names.equal, unit: 's', target: {}, in: 'node' },
    { name: names.segments, unit: 's', target: {}, in: 'node' },
    { name: names.asked, unit: 'ms', target: { max: 100 }, in: 'node' },
  ],
  async run({ signal, samples, say }) {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const figures: Record<string, number[]> = { [names.asked]: [percentile(await askedInALab(signal), 0.95)] };
    const add = (name: string, value: number) => {
      figures[name] = [...(figures[name] ?? []), value];
    };
    const hops = { mix: mix(100_000), equal: equal(20_000), segments: segments(16_000) };
    for (let n = 0; n < samples; n++) {
      signal.throwIfAborted();
      say(`  round ${n + 1} of ${samples}`);
      const { seconds, megabytes } = putTogether(hops.mix, gc);
      add(names.mix, seconds);
      add(names.memory, megabytes);
      add(names.equal, putTogether(hops.equal, gc).seconds);
      add(names.segments, putTogether(hops.segments, gc).seconds);
    }
    return figures;
  },
};
