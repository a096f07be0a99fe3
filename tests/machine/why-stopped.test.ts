// Packets that stop in a real machine: how their journeys end, and what shows it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import type { Journey } from '../../src/journey/journey.ts';
import { compileHopFilter } from '../../src/lab/hop-filter.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { askOfAll, inNetworkOf, keepNetworks, run as runIn } from './guest-command.ts';

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
  await run(`docker run -d --name web whoami && docker run -d --name client toolbox sleep infinity && ${keepNetworks}`);
  await run(
    'ip netns add outside && ip link add vout type veth peer name eth0 netns outside && ip addr add 10.99.0.1/24 dev vout && ip link set vout up && ip -n outside addr add 10.99.0.2/24 dev eth0 && ip -n outside link set eth0 up',
  );
  // Later packets find each other without ARP.
  await run(inNetworkOf('client', 'ping -c 1 172.17.0.2'));
});
afterAll(async () => lab?.dispose());

const run = (command: string): Promise<string> => runIn(host, command);

type Said = Pick<Journey, 'end' | 'grade' | 'why' | 'notes'>;

/** Runs the command, looks at the first packet of it that the filter matches, and gives its journey. */
async function journeyOf(filter: string, command: string): Promise<Said> {
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
  const { end, grade, why, notes } = journey;
  return { end, grade, why, notes };
}

const byRule =
  'the kernel of host-01 dropped it: a rule of the firewall dropped it, or the policy of a chain (NETFILTER_DROP in nf_hook_slow)';

test('a rule that drops between two containers: the kernel says of this very packet that it was one, a counter hints which', async () => {
  await run('iptables -I FORWARD -p icmp -j DROP');
  const said = await journeyOf('icmp', inNetworkOf('client', 'ping -c 2 -i 0.3 -W 1 172.17.0.2'));
  await run('iptables -D FORWARD -p icmp -j DROP');
  expect(said).toMatchObject({ end: 'dropped', grade: 'seen', why: byRule });
  expect(said.notes).toEqual([
    expect.stringMatching(
      /^A hint: iptables rule -A FORWARD -p icmp -j DROP \(table filter\) on host-01 took 2 packets (in the \d+ s around it|since it was made)\. Which, a counter does not say\.$/,
    ),
  ]);
});

test('what a container’s own rules do is said to be in it', async () => {
  await run(inNetworkOf('web', 'iptables -I INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset'));
  const rejected = await journeyOf('tcp.flags.syn == 1', 'docker exec client wget -q -O- http://172.17.0.2/');
  await run(inNetworkOf('web', 'iptables -F'));
  expect(rejected.why).toMatch(/^a rule of the firewall in web on host-01 rejected it, with a reset \(journey \d+\)$/);
});

test('a port that is published to nobody: NAT’s new destination is named, and that nobody answers there', async () => {
  await run(
    'iptables -t nat -I PREROUTING -i vout -p tcp --dport 8077 -j DNAT --to-destination 172.17.0.99:80; iptables -I FORWARD -i vout -j ACCEPT',
  );
  const said = await journeyOf(
    'tcp.dstport == 8077',
    'ip netns exec outside curl -m 0.9 http://10.99.0.1:8077/; sleep 5',
  );
  await run('iptables -t nat -D PREROUTING 1; iptables -D FORWARD 1');
  expect(said.end).toBe('dropped');
  expect(said.why).toMatch(
    /^10\.99\.0\.1 answered: host unreachable; nobody answered ARP for the next hop; by then it was for 172\.17\.0\.99:80 \(NAT\) \(journey \d+\)$/,
  );
});

test('a rule that drops what is for the machine itself, although its tap took the packet in', async () => {
  await run('iptables -I INPUT -p udp -m udp --dport 514 -j DROP');
  const said = await journeyOf(
    'udp.dstport == 514',
    "ip netns exec outside bash -c 'echo hello >/dev/udp/10.99.0.1/514'",
  );
  await run('iptables -D INPUT 1');
  expect(said).toMatchObject({ end: 'dropped', grade: 'seen', why: byRule });
  expect(said.notes).toEqual([expect.stringContaining('-A INPUT -p udp -m udp --dport 514 -j DROP')]);
});

test('a rule without a counter that is read shows by the kernel’s own word', async () => {
  await run(
    "nft 'add table ip lab; add chain ip lab forward { type filter hook forward priority -10; }; add rule ip lab forward ip protocol icmp drop'",
  );
  const said = await journeyOf('icmp.type == 8', inNetworkOf('client', 'ping -c 1 -W 1 172.17.0.2'));
  await run('nft delete table ip lab');
  expect(said).toEqual({ end: 'dropped', grade: 'seen', why: byRule, notes: [] });
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
  expect(why).toContain('or none through the device that it came in at (reverse path filter) (IP_RPFILTER');
});

test('an address that nobody answers ARP for', async () => {
  const { end, why } = await journeyOf(
    'icmp && ip.dst == 10.99.0.77',
    inNetworkOf('client', 'ping -c 1 -W 5 10.99.0.77'),
  );
  expect(end).toBe('dropped');
  expect(why).toMatch(
    /^nobody answered ARP: host-01 asked 3 times who has 10\.99\.0\.77, and 10\.99\.0\.1 answered: host unreachable/,
  );
  const asked = await journeyOf(
    'arp.dst.proto_ipv4 == 172.17.0.77',
    inNetworkOf('client', 'ping -c 1 -W 1 172.17.0.77'),
  );
  expect(asked).toMatchObject({
    end: 'unknown',
    why: 'nobody was seen to answer: no ARP reply from 172.17.0.77 to this question',
  });
});

test('a TTL that ran out, and a network to which there is no route', async () => {
  const late = await journeyOf('icmp && ip.ttl == 1', inNetworkOf('client', 'ping -c 1 -t 1 -W 1 10.99.0.2'));
  expect(late.end).toBe('dropped');
  expect(late.why).toMatch(/^the TTL ran out at 172\.17\.0\.1 \(journey \d+\)$/);
  const lost = await journeyOf('icmp && ip.dst == 192.0.2.1', inNetworkOf('client', 'ping -c 1 -W 1 192.0.2.1'));
  expect(lost.end).toBe('dropped');
  expect(lost.why).toMatch(/^172\.17\.0\.1 answered: no route to that network \(journey \d+\)$/);
});

test('a UDP port at which no program listens', async () => {
  const { end, why } = await journeyOf('udp.dstport == 9', 'echo hello >/dev/udp/172.17.0.2/9');
  expect(end).toBe('dropped');
  expect(why).toMatch(/^172\.17\.0\.2 answered: port unreachable, no program listens there \(journey \d+\)$/);
});

test('what a bridge may not hand on', async () => {
  await run(`for port in ${port('web')} ${port('client')}; do bridge link set dev $port isolated on; done`);
  const said = await journeyOf('icmp.type == 8', inNetworkOf('client', 'ping -c 1 -W 1 172.17.0.2'));
  await run(`for port in ${port('web')} ${port('client')}; do bridge link set dev $port isolated off; done`);
  expect(said).toMatchObject({ end: 'dropped', grade: 'seen' });
  expect(said.why).toContain('that port is isolated or blocked');
});

describe('faults that operators report, between two namespaces that the machine routes', () => {
  beforeAll(() =>
    run(`
      iptables -P FORWARD ACCEPT; sysctl -qw net.ipv4.ip_forward=1
      for n in 'a 97' 'b 96'; do set -- $n
        ip netns add $1; ip link add v$1 type veth peer name eth0 netns $1; ip addr add 10.$2.0.1/24 dev v$1; ip link set v$1 up
        ip -n $1 addr add 10.$2.0.2/24 dev eth0; ip -n $1 link set lo up; ip -n $1 link set eth0 up; ip -n $1 route add default via 10.$2.0.1
      done; ip netns exec a ping -c 1 -W 2 10.96.0.2`),
  );
  const ping = 'ip netns exec a ping -c 1 -W 1 10.96.0.2';

  test.each<[what: string, fault: string, mended: string, command: string, words: RegExp]>([
    [
      'the connection table is full, and no rule is accused',
      'sysctl -qw net.netfilter.nf_conntrack_max=1; conntrack -F',
      'sysctl -qw net.netfilter.nf_conntrack_max=65536',
      `ip netns exec a ping -c 1 -W 1 10.97.0.1; ${ping}`,
      /^the kernel of host-01 dropped it: connection tracking has no room/,
    ],
    [
      'the machine does not forward',
      'sysctl -qw net.ipv4.ip_forward=0',
      'sysctl -qw net.ipv4.ip_forward=1',
      ping,
      /^the kernel of host-01 dropped it: this machine forwards nothing/,
    ],
    [
      'a rule in the other namespace',
      'ip netns exec b iptables -A INPUT -p icmp -j DROP',
      'ip netns exec b iptables -F',
      ping,
      /^the kernel of host-01 dropped it in b: a rule of the firewall dropped it/,
    ],
    [
      'too large, and the ICMP error that says so is dropped as well',
      'ip link set vb mtu 1400; ip -n b link set eth0 mtu 1400; iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP',
      'ip link set vb mtu 1500; ip -n b link set eth0 mtu 1500; iptables -D OUTPUT 1; ip netns exec a ip route flush cache',
      'ip netns exec a ping -M do -s 1450 -c 1 -W 1 10.96.0.2',
      /larger than the MTU of the next link/,
    ],
    [
      'REJECT by its default, by who says it',
      'iptables -I FORWARD -d 10.96.0.2 -j REJECT',
      'iptables -D FORWARD 1',
      ping,
      /^10\.97\.0\.1 answered: port unreachable, a rule of the firewall there rejected it/,
    ],
    [
      'a prohibit route is no rule',
      'ip route add prohibit 10.96.0.2/32',
      'ip route del prohibit 10.96.0.2/32',
      ping,
      /^10\.97\.0\.1 answered: administratively filtered; the route to its destination says so/,
    ],
    [
      'netem loses, and no queue is full',
      'tc qdisc add dev vb root netem loss 100%',
      'tc qdisc del dev vb root',
      ping,
      /netem on vb/,
    ],
    [
      'the other end of the pair is down',
      'ip -n b link set eth0 down',
      'ip -n b link set eth0 up; ip -n b route add default via 10.96.0.1',
      // The packet waits until nobody has answered who has its address.
      `${ping}; sleep 4`,
      /NEIGH|vb has no carrier|the other end of the veth pair is down|host unreachable|no route|nobody answered ARP/,
    ],
  ])('%s', async (_, fault, mended, command, words) => {
    await run(`${fault}; true`);
    const said = await journeyOf('icmp.type == 8 && ip.src == 10.97.0.2 && ip.dst == 10.96.0.2', command);
    await run(`${mended}; true`);
    expect(said).toMatchObject({ end: 'dropped', grade: 'seen' });
    expect(said.why).toMatch(words);
  });

  test('replies that are dropped on their way out: the requests have got there, and no more is said of them', async () => {
    await run('iptables -I OUTPUT -p icmp -j DROP');
    const said = await journeyOf('icmp.type == 8 && ip.dst == 10.96.0.1', 'ip netns exec b ping -c 2 -W 1 10.96.0.1');
    await run('iptables -D OUTPUT 1');
    expect(said).toMatchObject({ end: 'unknown', why: expect.stringContaining('it got as far as host-01/vb') });
  });

  test('a guest’s clock that is set back changes nothing', async () => {
    await run('iptables -I FORWARD -p icmp -j DROP; date -s 2010-01-01');
    const said = await journeyOf('icmp.type == 8 && ip.dst == 10.96.0.2', ping);
    await run('iptables -D FORWARD 1');
    expect(said).toMatchObject({ end: 'dropped', grade: 'seen', why: byRule });
  });

  test('what goes well is delivered, and says how that is known', async () => {
    expect(await journeyOf('icmp.type == 8 && ip.dst == 10.96.0.2', ping)).toMatchObject({
      end: 'delivered',
      grade: 'seen',
    });
    expect(await journeyOf('icmp.type == 0 && ip.src == 10.96.0.2', ping)).toMatchObject({ end: 'delivered' });
  });
});

describe('before any tap', () => {
  /** What is told of after a command, once there is something, or for a few seconds nothing. */
  const since = async (command: string, isToBe = true) => {
    const before = new Set(journeys.unseen().map(({ time }) => time));
    const told = () =>
      journeys
        .unseen()
        .filter(({ time }) => !before.has(time))
        .map(({ space, summary, words }) => ({ space, summary, words }));
    await run(`${command}; true`);
    await host.flushTap();
    if (isToBe) await expect.poll(() => told().length, { timeout: 30_000 }).toBeGreaterThan(0);
    else await run('sleep 4');
    return told();
  };

  test('a rule in OUTPUT: the kernel alone tells of it', async () => {
    await run('iptables -I OUTPUT -p icmp -d 172.17.0.2 -j DROP');
    const drops = await since('ping -c 1 -W 1 172.17.0.2');
    await run('iptables -D OUTPUT -p icmp -d 172.17.0.2 -j DROP');
    expect(drops).toEqual([
      {
        space: '',
        summary: expect.stringMatching(/^172\.17\.0\.1 → 172\.17\.0\.2 ICMP Echo \(ping\) request/),
        words: expect.stringContaining('NETFILTER_DROP in nf_hook_slow'),
      },
    ]);
  });

  test('a queue of a container that loses on purpose', async () => {
    // Its neighbour is known: otherwise the question for it is dropped, and the ping never sent.
    await run(
      `${inNetworkOf('client', 'ping -c 1 172.17.0.2')}; ${inNetworkOf('client', 'tc qdisc add dev eth0 root netem loss 100%')}`,
    );
    const drops = await since(inNetworkOf('client', 'ping -c 1 -W 1 172.17.0.2'));
    await run(inNetworkOf('client', 'tc qdisc del dev eth0 root'));
    const words = expect.stringMatching(/^netem on eth0 dropped it/);
    expect(drops).toContainEqual({
      space: 'client',
      summary: expect.stringMatching(/^172\.17\.0\.3 → 172\.17\.0\.2 ICMP Echo \(ping\) request/),
      words,
    });
    // Beside it there may be the ARP request of a neighbour that is asked for again.
    for (const drop of drops) expect(drop).toMatchObject({ space: 'client', words });
  });

  test('what arrives, and what a tap saw before it was dropped, is not among them', async () => {
    expect(await since(inNetworkOf('client', 'ping -c 2 -i 0.2 172.17.0.2'), false)).toEqual([]);
    await run('iptables -I FORWARD -p icmp -j DROP');
    const drops = await since(inNetworkOf('client', 'ping -c 2 -i 0.2 -W 1 172.17.0.2'), false);
    await run('iptables -D FORWARD -p icmp -j DROP');
    expect(drops).toEqual([]);
  });
});
