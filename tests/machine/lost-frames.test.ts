// What a real machine's tap has no room for: counted, and told with the time between which it went by.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gap, missingIn } from '../../src/hop/gap.ts';
import type { Hop } from '../../src/hop/hop.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';

let lab: Lab;
let host: Machine;
let hops: Hop[] = [];
let gaps: Gap[] = [];

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  lab.onHops((batch) => {
    hops.push(...batch.hops);
    gaps.push(...batch.lost);
  });
  await lab.start();
  [host] = lab.machines as [Machine];
});
afterAll(async () => lab?.dispose());

/** Floods lo, and gives how many packets the tap should have seen: each request and each reply leaves and comes in. */
async function flood(count: number): Promise<number> {
  hops = [];
  gaps = [];
  const { stdout } = await host.exec(`ping -f -q -c ${count} 127.0.0.1`, { timeout: 240_000 });
  await host.flushTap();
  const [, sent = '0', received = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  return 2 * (Number(sent) + Number(received));
}

const icmpSeen = (): number => hops.filter(({ device, bytes }) => device === 'lo' && bytes[29] === 1).length;

test('what a flood makes the tap lose is known to the packet, and when', async () => {
  const before = lab.time.now();
  const went = await flood(20_000);
  const seen = icmpSeen();
  const lost = missingIn(gaps);
  console.log(`of ${went} sightings ${seen} were told and ${lost} were lost, in ${gaps.length} gaps`);
  // Others' packets may be among those that were lost, but not many.
  expect(seen + lost).toBeGreaterThanOrEqual(went);
  expect(seen + lost).toBeLessThan(went + 200);
  for (const { machine, from, until } of gaps) {
    expect(machine).toBe('host-01');
    expect(from).toBeGreaterThan(before - 2);
    expect(until).toBeGreaterThan(from);
    expect(until).toBeLessThan(lab.time.now() + 0.1);
  }
});

test('few packets lose none, and nothing is told twice', async () => {
  const went = await flood(20);
  expect([icmpSeen(), gaps]).toEqual([went, []]);
});

test('a tap that is started again counts from none', async () => {
  await host.exec('kill $(</sys/fs/cgroup/system.slice/lockstep-tap.service/cgroup.procs); sleep 1');
  const went = await flood(5000);
  const sum = icmpSeen() + missingIn(gaps);
  expect(sum).toBeGreaterThanOrEqual(went);
  expect(sum).toBeLessThan(went + 200);
});
