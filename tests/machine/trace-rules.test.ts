// Which rules of a real machine's firewall saw a packet: those of a published port, DNAT and all, and the one that dropped it; and that
// nothing of it is left afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import type { Journey } from '../../src/journey/journey.ts';
import { hooksPassed, ruleLines } from '../../src/journey/rule-path.ts';
import { matchesOfFilter } from '../../src/lab/filter-matches.ts';
import { compileHopFilter } from '../../src/lab/hop-filter.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { RuleTracing } from '../../src/lab/rule-tracing.ts';
import { matchesOf } from '../../src/lab/trace-matches.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { compileFilter } from '../../src/packet/filter/compile.ts';
import { askOfAll, inNetworkOf, keepNetworks, PATIENCE, run as runIn } from './guest-command.ts';

let lab: Lab;
let host: Machine;
let journeys: LabJourneys;
let tracing: RuleTracing;
let hops: Hop[] = [];

const curl = 'ip netns exec outside curl -s -m 5 http://10.99.0.1:8080/';

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  journeys = new LabJourneys(lab);
  tracing = new RuleTracing(lab);
  lab.onHops((batch) => {
    journeys.add(batch.hops);
    hops.push(...batch.hops);
  });
  await lab.start();
  const [machine] = lab.machines;
  if (machine === undefined) throw new Error('super-bridge has a machine');
  host = machine;
  await run(`docker run -d --name web -p 8080:80 whoami
    ip netns add outside; ip link add vout type veth peer name eth0 netns outside; ip addr add 10.99.0.1/24 dev vout; ip link set vout up
    ip -n outside addr add 10.99.0.2/24 dev eth0; ip -n outside link set eth0 up; ip -n outside route add default via 10.99.0.1
    for n in 1 2 3 4 5; do ${curl} && break; sleep 1; done`);
});
afterAll(async () => lab?.dispose());

const run = (command: string): Promise<string> => runIn(host, command);
const table = (): Promise<string> => run('nft list tables | grep lockstep; true');

/** The journey of the first packet of a command that the filter matches. */
async function journeyOf(filter: string, command: string): Promise<Journey> {
  const compiled = compileHopFilter(filter);
  if (!compiled.ok) throw new Error(compiled.error.message);
  hops = [];
  await run(`${command}; true`);
  await host.flushTap();
  const hop = hops.find((each) => compiled.matches(each));
  if (hop === undefined) throw new Error(`${command}: no tap saw ${filter}`);
  await askOfAll(journeys, hops);
  const journey = journeys.of(hop.n);
  if (journey === undefined) throw new Error(`hop ${hop.n} has no journey`);
  return journey;
}

/** The same, once it is known which rules saw it: what the trace prints is told a moment later. */
async function tracedJourneyOf(filter: string, command: string): Promise<Journey> {
  const { hops } = await journeyOf(filter, command);
  const traced = () => journeys.of(hops[0]?.hop.n ?? 0) as Journey;
  await expect.poll(() => traced().rules.length, { timeout: PATIENCE }).toBeGreaterThan(0);
  // The last of its chains.
  await sleep(500);
  return traced();
}

async function trace(journey: Journey): Promise<void> {
  const found = matchesOf(journey);
  if (typeof found === 'string') throw new Error(found);
  tracing.trace(found);
  await expect.poll(() => tracing.state.value.machines, { timeout: 30_000 }).toEqual(['host-01']);
}

const lines = (journey: Journey): string[][] =>
  journey.rules.map((way) =>
    ruleLines(way, journey.hops).map(({ table: name, chain, text, verdict, change }) =>
      [`${name}:${chain}`, text, verdict, change].filter((part) => part !== '').join(' | '),
    ),
  );
const hooks = (journey: Journey): string[][] =>
  journey.rules.map((way) => [...hooksPassed(way, journey.hops)].map(([hook, how]) => `${hook} ${how}`));

const firstSegment = 'tcp.dstport == 8080 && tcp.flags.syn == 1';

test('the first packet to a published port: every rule that saw it, and what DNAT made of it', async () => {
  const before = await journeyOf(firstSegment, curl);
  expect(before.rules).toEqual([]);
  await trace(before);
  expect(await table()).toBe('table inet lockstep_trace');
  expect(tracing.state.value.words).toBe(
    'TCP between 10.99.0.2 and port 8080 of 10.99.0.1 or port 80 of 172.17.0.2, both ways',
  );

  const journey = await tracedJourneyOf(firstSegment, curl);
  expect(journey).toMatchObject({ end: 'delivered', grade: 'seen' });
  expect(lines(journey)).toEqual([
    [
      'nat:PREROUTING | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER | JUMP DOCKER',
      'nat:DOCKER | -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80 | ACCEPT | destination 10.99.0.1:8080 → 172.17.0.2:80',
      'filter:FORWARD | -A FORWARD -j DOCKER-USER | JUMP DOCKER-USER',
      expect.stringContaining('filter:DOCKER-USER | '),
      'filter:FORWARD | -A FORWARD -j DOCKER-ISOLATION-STAGE-1 | JUMP DOCKER-ISOLATION-STAGE-1',
      expect.stringContaining('filter:DOCKER-ISOLATION-STAGE-1 | '),
      'filter:FORWARD | -A FORWARD -o docker0 -j DOCKER | JUMP DOCKER',
      'filter:DOCKER | -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT | ACCEPT',
      'nat:POSTROUTING | no rule decided: policy | ACCEPT',
    ],
  ]);
  expect(hooks(journey)).toEqual([['PREROUTING passed', 'FORWARD passed', 'POSTROUTING passed']]);
});

test('an answer goes the same way back, and connection tracking gives it the old address without a rule', async () => {
  const journey = await tracedJourneyOf('tcp.srcport == 80 && tcp.flags.syn == 1 && ip.src == 172.17.0.2', curl);
  expect(hooks(journey)).toEqual([['PREROUTING passed', 'FORWARD passed', 'POSTROUTING passed']]);
  expect(lines(journey)[0]?.at(-1)).toBe(
    ': | connection tracking, as decided with the first packet of the connection | source 172.17.0.2:80 → 10.99.0.1:8080',
  );
});

test('a rule that drops is named, and it is seen: also where NAT had changed the packet', async () => {
  await run('iptables -I DOCKER-USER -p tcp --dport 80 -j DROP');
  const journey = await tracedJourneyOf(firstSegment, curl.replace('-m 5', '-m 1'));
  await run('iptables -D DOCKER-USER 1');
  expect(journey).toMatchObject({
    end: 'dropped',
    grade: 'seen',
    why: 'the rule “-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP” (table filter) on host-01 dropped it',
  });
  expect(journey.from).toEqual([
    'the trace of the rules on host-01 names its addresses, ports, identification and length',
    expect.stringMatching(/^the kernel freed a packet with its headers in nf_hook_slow/),
  ]);
  expect(hooks(journey)).toEqual([['PREROUTING passed', 'FORWARD ended']]);
});

test('REJECT is named, of a ping from behind the bridge, and a policy that drops', async () => {
  await run(`docker run -d --name client toolbox sleep infinity && ${keepNetworks}`);
  const ping = inNetworkOf('client', 'ping -c 1 -W 1 10.99.0.1');
  await trace(await journeyOf('icmp.type == 8', ping));
  await run('iptables -A INPUT -p icmp -j REJECT');
  const rejected = await tracedJourneyOf('icmp.type == 8', ping);
  await run('iptables -D INPUT -p icmp -j REJECT');
  expect(rejected).toMatchObject({ end: 'dropped', grade: 'seen' });
  expect(rejected.why).toContain(
    'port unreachable, the rule “-A INPUT -p icmp -j REJECT --reject-with icmp-port-unreachable” (table filter) on host-01 rejected it',
  );
  expect(hooks(rejected)).toEqual([['PREROUTING passed', 'INPUT ended']]);

  const outside = 'ip netns exec outside ping -c 1 -W 1 10.99.0.1';
  await trace(await journeyOf('icmp.type == 8', outside));
  await run('iptables -P INPUT DROP');
  const dropped = await tracedJourneyOf('icmp.type == 8', outside);
  await run('iptables -P INPUT ACCEPT');
  expect(dropped).toMatchObject({
    end: 'dropped',
    grade: 'seen',
    why: 'the policy of INPUT (table filter) on host-01 dropped it',
  });
});

test('a flood is traced in part, and what is not traced is not said', async () => {
  await trace(await journeyOf('icmp.type == 8', inNetworkOf('client', 'ping -c 1 -W 1 10.99.0.1')));
  const flood = inNetworkOf('client', 'ping -c 300 -i 0.005 -W 1 10.99.0.1');
  const journey = await tracedJourneyOf('icmp.type == 8 && icmp.seq == 1', flood);
  expect(journey.rules.length).toBe(1);
  const requests = hops.filter(({ device, direction }) => device === 'docker0' && direction === 'in').map(({ n }) => n);
  const ways = requests.map((n) => journeys.of(n)?.rules.length ?? 0);
  expect(Math.max(...ways)).toBe(1);
  expect(ways.filter((count) => count > 0).length).toBeLessThan(requests.length);
  expect(tracing.state.value).toMatchObject({ machines: ['host-01'], troubles: [] });
});

test('what a filter shows is traced: in words that this nft knows', async () => {
  const filters = [
    'ip.addr == 10.99.0.0/24 && tcp.port == 80',
    'not tcp.port in {22} && not tcp.port == 22',
    'ipv6.dst == fd00::1 or ip.ttl < 5 or not (tcp or udp or icmp)',
    'tcp.srcport >= 1024 && ip.proto == 6 && ipv6.hlim == 64',
    'udp.dstport in {53, 5353, 8000..8080} && tcp.port != 80',
    'icmpv6.type == 128 or sctp or gre or esp or icmp.code == 3',
    'icmp.type == 8 && icmp.seq == 1',
  ];
  for (const text of filters) {
    const compiled = compileFilter(text);
    if (!compiled.ok) throw new Error(compiled.error.message);
    const found = matchesOfFilter(compiled.filter);
    // Never both in one packet.
    if (typeof found === 'string') expect(found).toBe('No packet meets this filter.');
    else {
      tracing.trace(found);
      await expect
        .poll(() => tracing.state.value, { timeout: 30_000 })
        .toMatchObject({
          machines: ['host-01'],
          words: found.words,
          troubles: [],
        });
    }
  }
  const journey = await tracedJourneyOf('icmp.type == 8', inNetworkOf('client', 'ping -c 1 -W 1 10.99.0.1'));
  expect(journey.rules.length).toBe(1);
});

test('afterwards the table is gone, at once, and back at a moment at which it was there, too', async () => {
  await lab.freeze();
  const checkpoint = await lab.checkpoint('traced');
  await lab.thaw();
  expect(await table()).toBe('table inet lockstep_trace');
  tracing.stop();
  await expect.poll(table, { timeout: 30_000 }).toBe('');
  expect(await run('pgrep -x xtables-monitor | wc -l')).toBe('0');

  await lab.freeze();
  await lab.goBackTo(checkpoint);
  await lab.thaw();
  await expect.poll(table, { timeout: 30_000 }).toBe('');
  const journey = await journeyOf('icmp.type == 8', inNetworkOf('client', 'ping -c 1 -W 1 10.99.0.1'));
  expect(journey.rules).toEqual([]);

  // Back at a moment without it, it is there as long as it is wanted.
  await lab.freeze();
  const plain = await lab.checkpoint('plain');
  await lab.thaw();
  await trace(journey);
  await lab.freeze();
  await lab.goBackTo(plain);
  await lab.thaw();
  await expect.poll(table, { timeout: 30_000 }).toBe('table inet lockstep_trace');
  const again = await tracedJourneyOf('icmp.type == 8', inNetworkOf('client', 'ping -c 1 -W 1 10.99.0.1'));
  expect(again.rules.length).toBe(1);
  tracing.stop();
});
