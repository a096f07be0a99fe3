// Packets that stop in a real machine: how their journeys end, and what shows it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import type { Journey } from '../../src/journey/journey.ts';
import { compileHopFilter } from '../../src/lab/hop-filter.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';

let lab: Lab;
let host: Machine;
let journeys: LabJourneys;
let hops: Hop[] = [];

/** The host's port of docker0 that a container is behind. */
const port = (container: string): string =>
  `$(ip -o link | sed -n "s/^$(docker exec ${container} cat /sys/class/net/eth0/iflink): \\([^@]*\\)@.*/\\1/p")`;

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  journeys = new LabJourneys(lab);
  lab.onHops((batch) => {
    journeys.add(batch.hops);
    hops.push(...batch.hops);
  });
  await lab.start();
  const [machine] = lab.machines;
  if (machine === undefined) throw new Error('super-bridge has a machine');
  host = machine;
  await run('docker run -d --name web whoami && docker run -d --name client toolbox sleep infinity');
  await run(
    'ip netns add outside && ip link add vout type veth peer name eth0 netns outside && ip addr add 10.99.0.1/24 dev vout && ip link set vout up && ip -n outside addr add 10.99.0.2/24 dev eth0 && ip -n outside link set eth0 up',
  );
  // Later packets find each other without ARP.
  await run('docker exec client ping -c 1 172.17.0.2');
});
afterAll(async () => lab?.dispose());

const run = async (command: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await host.exec(command, { timeout: 240_000 });
  if (exitCode !== 0) throw new Error(`${command}: status ${exitCode}\n${stdout}${stderr}`);
  return stdout.trim();
};

/** Runs the command, looks at the first packet of it that the filter matches, and gives its journey. */
async function journeyOf(filter: string, command: string): Promise<Pick<Journey, 'end' | 'why'>> {
  const compiled = compileHopFilter(filter);
  if (!compiled.ok) throw new Error(compiled.error.message);
  hops = [];
  await run(`${command}; true`);
  await host.flushTap();
  const hop = hops.find((each) => compiled.matches(each));
  if (hop === undefined) throw new Error(`${command}: no tap saw ${filter}`);
  await journeys.ask(hop.n);
  const journey = journeys.of(hop.n);
  if (journey === undefined) throw new Error(`hop ${hop.n} has no journey`);
  return { end: journey.end, why: journey.why };
}

test('a rule that drops between two containers is named by its counter, though nobody looked before', async () => {
  await run('iptables -I FORWARD -p icmp -j DROP');
  const { end, why } = await journeyOf('icmp', 'docker exec client ping -c 2 -i 0.3 -W 1 172.17.0.2');
  await run('iptables -D FORWARD -p icmp -j DROP');
  expect(end).toBe('dropped');
  expect(why).toBe(
    'iptables rule -A FORWARD -p icmp -j DROP (table filter) on host-01 took 2 packets in that time, and no other stopped there',
  );
});

test('a rule that drops what is for the machine itself is named, although its tap took the packet in', async () => {
  await run('iptables -I INPUT -p udp -m udp --dport 514 -j DROP');
  const { end, why } = await journeyOf(
    'udp.dstport == 514',
    "ip netns exec outside bash -c 'echo hello >/dev/udp/10.99.0.1/514'",
  );
  await run('iptables -D INPUT 1');
  expect(end).toBe('dropped');
  expect(why).toContain('-A INPUT -p udp -m udp --dport 514 -j DROP');
});

test('a rule without a counter that is read shows by the kernel’s own word', async () => {
  await run(
    "nft 'add table ip lab; add chain ip lab forward { type filter hook forward priority -10; }; add rule ip lab forward ip protocol icmp drop'",
  );
  const { end, why } = await journeyOf('icmp', 'docker exec client ping -c 1 -W 1 172.17.0.2');
  await run('nft delete table ip lab');
  expect(end).toBe('dropped');
  expect(why).toMatch(
    /^the kernel of host-01 dropped a packet [\d,]+ µs later: a rule of the firewall dropped it, or the policy of a chain \(NETFILTER_DROP in nf_hook_slow\)$/,
  );
});

test('a sender to whom no route leads back is the kernel’s reason', async () => {
  await run(
    'sysctl -qw net.ipv4.conf.vout.rp_filter=1; ip -n outside addr add 172.17.0.200/32 dev eth0; ip netns exec outside ping -c 1 10.99.0.1',
  );
  const { end, why } = await journeyOf(
    'icmp && ip.src == 172.17.0.200',
    'ip netns exec outside ping -c 1 -W 1 -I 172.17.0.200 10.99.0.1',
  );
  await run('ip -n outside addr del 172.17.0.200/32 dev eth0');
  expect(end).toBe('dropped');
  expect(why).toContain('no route leads back to its sender (reverse path filter) (IP_RPFILTER)');
});

test('an address that nobody answers ARP for', async () => {
  const { end, why } = await journeyOf('icmp && ip.dst == 10.99.0.77', 'docker exec client ping -c 1 -W 5 10.99.0.77');
  expect(end).toBe('dropped');
  expect(why).toMatch(
    /^nobody answered ARP: host-01 asked 3 times who has 10\.99\.0\.77, and 10\.99\.0\.1 answered: host unreachable/,
  );
  expect(await journeyOf('arp.dst.proto_ipv4 == 172.17.0.77', 'docker exec client ping -c 1 -W 1 172.17.0.77')).toEqual(
    {
      end: 'unknown',
      why: 'nobody answered: no ARP reply from 172.17.0.77 was seen',
    },
  );
});

test('a TTL that ran out, and a network to which there is no route', async () => {
  const late = await journeyOf('icmp && ip.ttl == 1', 'docker exec client ping -c 1 -t 1 -W 1 10.99.0.2');
  expect(late.end).toBe('dropped');
  expect(late.why).toMatch(/^the TTL ran out at 172\.17\.0\.1 \(journey \d+\)$/);
  const lost = await journeyOf('icmp && ip.dst == 192.0.2.1', 'docker exec client ping -c 1 -W 1 192.0.2.1');
  expect(lost.end).toBe('dropped');
  expect(lost.why).toMatch(/^172\.17\.0\.1 answered: no route to that network \(journey \d+\)$/);
});

test('a UDP port at which no program listens', async () => {
  const { end, why } = await journeyOf('udp.dstport == 9', 'echo hello >/dev/udp/172.17.0.2/9');
  expect(end).toBe('dropped');
  expect(why).toMatch(/^172\.17\.0\.2 answered: port unreachable, no program listens there \(journey \d+\)$/);
});

test('what the kernel gives no reason for is said to be so', async () => {
  // A bridge hands nothing from one isolated port to another, and says nothing of it.
  await run(`for port in ${port('web')} ${port('client')}; do bridge link set dev $port isolated on; done`);
  const { end, why } = await journeyOf('icmp', 'docker exec client ping -c 1 -W 1 172.17.0.2');
  expect(end).toBe('unknown');
  expect(why).toMatch(/^nothing shows why: it was last seen coming in at host-01\/veth\w+/);
});
