// Captures that are hard to be right about, and what is right: what the command says of them.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../../src/cli/setup/root.mjs';
import type { JourneyJson } from '../../src/journey/journey-json.ts';

const folder = join(import.meta.dirname, 'journey-cases');

async function journeysOf(name: string): Promise<JourneyJson[]> {
  const files = readdirSync(join(folder, name)).map((file) => join(folder, name, file));
  const evidence = files
    .filter((file) => !file.endsWith('.pcap'))
    .flatMap((file) => ['--evidence', `${file.split('/').at(-1)?.split('.')[0]}: ${file}`]);
  const captures = files.filter((file) => file.endsWith('.pcap'));
  const program = join(root, 'src/cli/lockstep.mjs');
  // Throws when the status is not 0.
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, [program, 'journey', '--json', ...captures, ...evidence]);
  expect(stderr).toBe('');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JourneyJson);
}

const about = (journeys: readonly JourneyJson[], summary: RegExp): JourneyJson[] =>
  journeys.filter((journey) => summary.test(journey.summary));
const endsOf = (journeys: readonly JourneyJson[]) => journeys.map(({ end, grade }) => `${end}, ${grade}`);
const last = ({ hops }: JourneyJson): string => hops.at(-1)?.at ?? '';

test('an ICMPv6 error is about the packet that it quotes, not about those answered before', async () => {
  const requests = about(await journeysOf('v6_unreach_late'), /Echo \(ping\) request/);
  expect(endsOf(requests)).toEqual([...Array(3).fill('delivered, seen'), ...Array(3).fill('dropped, seen')]);
});

test('so is one about packets without an identification', async () => {
  const requests = about(await journeysOf('v4_df_unreach_late'), /Echo \(ping\) request/);
  expect(endsOf(requests.slice(0, 5))).toEqual([
    ...Array(3).fill('delivered, seen'),
    ...Array(2).fill('dropped, seen'),
  ]);
});

test('too big was the large segment alone; its retransmission arrived', async () => {
  const journeys = await journeysOf('v6_tcp_ptb');
  const [first, again] = about(journeys, /Len=3000/);
  expect(first).toMatchObject({ end: 'dropped', grade: 'seen', why: expect.stringContaining('1300 bytes') });
  expect(again).toMatchObject({ end: 'delivered', repeats: { kind: 'retransmission', of: first?.id } });
  for (const small of about(journeys, /SYN|Len=5 |FIN/)) expect(small.end).toBe('delivered');
  expect(about(journeys, /TCP/).filter(({ end }) => end === 'dropped')).toHaveLength(1);
});

test('datagrams are told apart by their data', async () => {
  const datagrams = about(await journeysOf('v6_udp_log_loss'), /UDP/);
  expect(datagrams.map(last)).toEqual(['h1/if3', 's/if2', 'h1/if3', 's/if2', 'h1/if3', 's/if2']);
  expect(datagrams.every(({ repeats, end }) => repeats === undefined && end === 'unknown')).toBe(true);
});

test('an answer to the second of two equal questions says nothing of the first', async () => {
  const [first, second] = about(await journeysOf('ping_same_id'), /request/);
  expect([first?.end, last(first as JourneyJson)]).toEqual(['unknown', 'h2/if2']);
  expect([second?.end, second?.grade]).toEqual(['delivered', 'seen']);
});

test('an entry of conntrack that was destroyed explains no later answer', async () => {
  const [first, second] = about(await journeysOf('nat_reuse'), /request/);
  expect([first?.end, last(first as JourneyJson)]).toEqual(['unknown', 'h2/if2']);
  expect(second?.end).toBe('delivered');
});

test('a node port that nobody answers at has been reached, no more', async () => {
  for (const syn of about(await journeysOf('nodeport_drop'), /SYN/))
    expect(syn).toMatchObject({ end: 'unknown', grade: 'unknown', reached: 'h1/eth0' });
});

test('a frame for another machine’s MAC address has not arrived', async () => {
  for (const journey of await journeysOf('otherhost')) {
    expect(journey.end).toBe('unknown');
    expect(journey.reached).toBeUndefined();
  }
});

test('one ping, one way, through a tunnel in a tunnel', async () => {
  const [ping, ...more] = await journeysOf('nested');
  expect(more).toEqual([]);
  expect(ping?.fork).toBeUndefined();
  expect(ping?.hops.every(({ after }) => after === undefined)).toBe(true);
  expect(ping?.hops.map(({ at }) => at)).toEqual([
    ...['c/eth0', 'h1/vethc', 'h1/cni0', 'h1/vx2', 'h2/vx2', 'h2/cni0', 'h2/veths', 's/eth0'],
  ]);
});
