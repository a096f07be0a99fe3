// Acknowledgments say that bytes arrived: of this conversation, and in the one packet that carried them.
import { expect, it } from 'vitest';
import { cooked, ipv4 } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { stitch } from './builder.ts';
import type { ConntrackEntry } from './evidence/conntrack.ts';

const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const SYN = 0x02;
const RST_ACK = 0x14;
const ACK = 0x10;

interface Segment {
  readonly time: number;
  readonly port?: number;
  readonly back?: boolean;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly flags?: number;
  readonly length?: number;
  readonly id?: number;
  readonly device?: string;
  /** Who has port 40000. */
  readonly from?: string;
}

let next = 1;

function segment(of: Segment): Hop {
  const { time, port = 80, back = false, sequence = 0, acknowledgment = 0, flags = ACK, length = 0, id = 0 } = of;
  const { from: client = '172.17.0.2' } = of;
  const [source, destination] = back ? ['10.0.0.12', client] : [client, '10.0.0.12'];
  const [sourcePort, destinationPort] = back ? [port, 40000] : [40000, port];
  const tuple = { protocol: 6, source, destination, sourcePort, destinationPort };
  const ends = [...u16(sourcePort), ...u16(destinationPort), ...u32(sequence), ...u32(acknowledgment)];
  const head = [...ends, 0x50, flags, 1, 0, 0, 0, 0, 0];
  const packet = ipv4(tuple, 64, id, Uint8Array.of(...head, ...new Uint8Array(length)));
  const bytes = cooked(packet, back);
  const device = of.device ?? 'veth-c0';
  const place = { machine: 'host-01', device, direction: back ? 'out' : 'in', linkType: 276 } as const;
  return { n: next++, ...place, time, bytes, originalLength: bytes.length };
}

it('a reset of another port, equal but for its port, answers no SYN', () => {
  const scan = { flags: SYN, sequence: 1000 };
  const reset = { back: true, flags: RST_ACK, acknowledgment: 1001 };
  const lost = segment({ ...scan, time: 1, id: 1 });
  const hops = [
    lost,
    segment({ ...scan, time: 1.1, id: 2, port: 81 }),
    segment({ ...reset, time: 1.2, port: 81 }),
    segment({ ...scan, time: 2, id: 3 }),
    segment({ ...reset, time: 2.1 }),
  ];
  const journeys = stitch(hops);
  expect(journeys[0]).toMatchObject({ id: lost.n, end: 'unknown', answeredBy: null });
  expect(journeys[1]).toMatchObject({ end: 'unknown', answeredBy: hops[2]?.n });
});

it('an acknowledgment for whoever got the port of NAT later answers nothing of who had it before', () => {
  const connection = (source: string, from: number, until?: number): ConntrackEntry => {
    const original = { protocol: 6, source, destination: '10.0.0.12', sourcePort: 40000, destinationPort: 80 };
    const reply = {
      protocol: 6,
      source: '10.0.0.12',
      destination: '10.0.0.11',
      sourcePort: 80,
      destinationPort: 40000,
    };
    return { machine: 'host-01', original, reply, id: `${from}`, from, ...(until === undefined ? {} : { until }) };
  };
  const conntrack = [connection('172.17.0.2', 0.5, 5), connection('172.17.0.3', 10)];
  const lost = [
    segment({ time: 4, sequence: 1000, length: 100, id: 1 }),
    segment({ time: 4.001, sequence: 1000, length: 100, id: 1, device: 'eth0', from: '10.0.0.11' }),
  ];
  const answer = [
    segment({ time: 12, back: true, acknowledgment: 2000, device: 'eth0', from: '10.0.0.11', id: 7 }),
    segment({ time: 12.001, back: true, acknowledgment: 2000, from: '172.17.0.3', id: 7 }),
  ];
  expect(stitch([...lost, ...answer], { conntrack })[0]).toMatchObject({ end: 'unknown', answeredBy: null });
  const hops = [...lost, ...answer.map((hop): Hop => ({ ...hop, time: hop.time - 7.5 }))].slice(0, 3);
  expect(stitch(hops, { conntrack })[0]).toMatchObject({ end: 'delivered' });
});

it('bytes that were sent again in a longer, a shorter or another segment are not known to have arrived in this one', () => {
  const first = { time: 1, sequence: 1000, length: 100, id: 1 };
  const others = [
    { sequence: 900, length: 300 },
    { sequence: 1050, length: 10 },
    { sequence: 950, length: 100 },
    { sequence: 1050, length: 100 },
  ];
  const answer = segment({ time: 3, back: true, acknowledgment: 2000 });
  for (const other of others) {
    const hops = [segment(first), segment({ ...other, time: 2, id: 2 }), answer];
    for (const { answeredBy } of stitch(hops)) expect(answeredBy).toBeNull();
  }
  // Numbers go round, and what only lies beside it carries none of its bytes.
  const beside = [
    { sequence: 900, length: 100 },
    { sequence: 1100, length: 100 },
  ];
  for (const shift of [0, 2 ** 32 - 1050]) {
    const hops = [first, ...beside.map((one) => ({ ...one, time: 2, id: 3 + one.sequence }))].map((one) =>
      segment({ ...one, sequence: (one.sequence + shift) % 2 ** 32 }),
    );
    const end = segment({ time: 3, back: true, acknowledgment: (2000 + shift) % 2 ** 32 });
    expect(stitch([...hops, end])[0]).toMatchObject({ end: 'delivered', answeredBy: end.n });
  }
});
