// What a real machine's tap has no room for: counted, and told with the time between which it went by.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gap, missingIn } from '../../src/hop/gap.ts';
import type { Hop } from '../../src/hop/hop.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { PATIENCE } from './guest-command.ts';

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
  // What it had lost before is asked first.
  await host.flushTap();
});
afterAll(async () => lab?.dispose());

const tap = '$(</sys/fs/cgroup/system.slice/lockstep-tap.service/cgroup.procs)';

/** Pings, and gives how many packets the tap should have told of: each request and each reply comes in at lo. */
async function ping(args: string, before = '', after = ''): Promise<number> {
  hops = [];
  gaps = [];
  const { stdout } = await host.exec(`${before} ping -q ${args} 127.0.0.1; ${after}`, { timeout: PATIENCE });
  await host.flushTap();
  const [, sent = '0', received = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  return Number(sent) + Number(received);
}

/** While its program stands, the kernel has room for so many packets and drops the others. */
const whileItStands = (): Promise<number> => ping('-c 500 -i 0.002', `kill -STOP ${tap};`, `kill -CONT ${tap}`);

const seen = (): number => hops.filter(({ device, bytes }) => device === 'lo' && bytes[29] === 1).length;

test('what a tap that stands has no room for is known to the packet, and when', async () => {
  const before = lab.time.now();
  const went = await whileItStands();
  const lost = missingIn(gaps);
  console.log(`of ${went} packets ${seen()} were told and ${lost} were lost, in ${gaps.length} gaps`);
  expect(lost).toBeGreaterThan(went / 2);
  // Others' packets may be among those that were lost, but not many.
  expect(seen() + lost).toBeGreaterThanOrEqual(went);
  expect(seen() + lost).toBeLessThan(went + 50);
  for (const { machine, from, until } of gaps) {
    expect(machine).toBe('host-01');
    expect(from).toBeGreaterThan(before - 1);
    expect(until).toBeGreaterThan(from);
    expect(until).toBeLessThan(lab.time.now() + 0.1);
  }
});

test('of a flood everything is told, or counted as lost', async () => {
  const went = await ping('-f -c 20000');
  console.log(`of ${went} packets ${seen()} were told and ${missingIn(gaps)} were lost`);
  expect(seen() + missingIn(gaps)).toBeGreaterThanOrEqual(went);
  expect(seen() + missingIn(gaps)).toBeLessThan(went + 50);
});

test('few packets lose none, and nothing is told twice', async () => {
  const went = await ping('-c 20 -i 0.1');
  expect([seen(), gaps]).toEqual([went, []]);
});

test('a tap that is started again counts from none', async () => {
  await host.exec(`kill ${tap}; sleep 1`);
  const went = await whileItStands();
  const all = seen() + missingIn(gaps);
  expect(all).toBeGreaterThanOrEqual(went);
  expect(all).toBeLessThan(went + 50);
});

test('after going back to a checkpoint nothing that was lost before is told again', async () => {
  const checkpoint = await lab.checkpoint('before');
  await whileItStands();
  expect(missingIn(gaps)).toBeGreaterThan(0);
  await lab.goBackTo(checkpoint);
  await host.exec('true');
  const went = await ping('-c 200 -i 0.002');
  expect([seen(), missingIn(gaps)]).toEqual([went, 0]);
});
