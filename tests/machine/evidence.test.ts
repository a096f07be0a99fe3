// What a real kernel says of single packets, without being asked: that it dropped this one, where and why, in whichever network namespace;
// which connection it translated, from when to when; for which time it says nothing. And what that costs.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KernelWord } from '../../src/guest/guest.ts';
import { type Hop, placeOf } from '../../src/hop/hop.ts';
import type { ConntrackEntry } from '../../src/journey/evidence/conntrack.ts';
import type { DropEvidence } from '../../src/journey/evidence/drop.ts';
import { dropWords, isLoss } from '../../src/journey/evidence/kernel-drops.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { dissect } from '../../src/packet/dissect.ts';
import type { Layer } from '../../src/packet/layer.ts';
import { PATIENCE, run as runIn } from './guest-command.ts';

let lab: Lab;
let host: Machine;
let hops: Hop[] = [];
let words: KernelWord[] = [];
let connections: ConntrackEntry[] = [];
/** Inodes of the namespaces, by name; the machine's own is ''. */
const spaces = new Map<string, number>();

const rawIp = 228;

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  lab.onHops((batch) => hops.push(...batch.hops));
  const [machine] = lab.machines;
  if (machine === undefined) throw new Error('super-bridge has a machine');
  host = machine;
  host.onEvidence(({ evidence, conntrack }) => {
    words.push(...evidence);
    connections.push(...conntrack);
  });
  await lab.start();
  await run(`
    iptables -P FORWARD ACCEPT; sysctl -qw net.ipv4.ip_forward=1
    for n in 'a 98' 'outside 99'; do set -- $n
      ip netns add $1; ip link add v$1 type veth peer name eth0 netns $1; ip addr add 10.$2.0.1/24 dev v$1; ip link set v$1 up
      ip -n $1 addr add 10.$2.0.2/24 dev eth0; ip -n $1 link set lo up; ip -n $1 link set eth0 up; ip -n $1 route add default via 10.$2.0.1
    done; ip netns exec a ping -c 1 -W 2 10.99.0.2`);
  for (const line of (await run("stat -L -c '%i %n' /run/netns/a /run/netns/outside /proc/1/ns/net")).split('\n')) {
    const [inode = '', path = ''] = line.split(' ');
    spaces.set(path.startsWith('/proc') ? '' : path.replace('/run/netns/', ''), Number(inode));
  }
});
afterAll(async () => lab?.dispose());

const run = (command: string): Promise<string> => runIn(host, command);

/** What the kernel said while a command ran, and what the taps saw; how it ends does not matter. */
async function during(command: string): Promise<{ readonly drops: readonly DropEvidence[]; readonly output: string }> {
  await host.flushTap();
  words = [];
  hops = [];
  connections = [];
  const { stdout, stderr } = await host.exec(command, { timeout: PATIENCE });
  await host.flushTap();
  const drops = words.filter((word) => word.kind === 'drop').filter(isLoss);
  return { drops, output: stdout + stderr };
}

interface Named {
  readonly source: string;
  readonly destination: string;
  /** What is the same of a packet wherever it is seen. */
  readonly key: string;
}

function named(layers: readonly Layer[]): Named | null {
  const ip = layers.findLast((layer) => layer.protocol === 'ip' && !layer.quoted);
  if (ip?.protocol !== 'ip') return null;
  const numbers = [
    'ip.id',
    'ip.proto',
    'icmp.type',
    'icmp.seq',
    'icmp.ident',
    'udp.srcport',
    'udp.dstport',
    'tcp.seq',
    'tcp.dstport',
  ];
  const key = numbers
    .map((name) =>
      layers
        .flatMap((layer) => layer.named(name))
        .map(({ value }) => String(value))
        .join(),
    )
    .join(' ');
  return { source: ip.source, destination: ip.destination, key };
}
const ofDrop = ({ protocol, packet }: DropEvidence): Named | null =>
  protocol === 0x0800 ? named(dissect(packet, rawIp, packet.length)) : null;
const ofHop = ({ bytes, linkType, originalLength }: Hop): Named | null =>
  named(dissect(bytes, linkType, originalLength));

interface Case {
  readonly name: string;
  readonly command: string;
  /** Addresses of the packet that is dropped. */
  readonly source: string;
  readonly destination: string;
  readonly words: RegExp;
  /** Where: the device, "" for none, and the namespace. */
  readonly device: string;
  readonly space: string;
  readonly count?: number;
  /** Some tap saw it: only then can its bytes be held against a hop's. */
  readonly unseen?: true;
}

const ping = 'ip netns exec a ping -c 1 -W 1 10.99.0.2';
const there = { source: '10.98.0.2', destination: '10.99.0.2', device: 'va', space: '' } as const;

const cases: readonly Case[] = [
  {
    ...there,
    name: 'connection tracking’s table is full',
    command: `ping -c 1 127.0.0.1; max=$(sysctl -n net.netfilter.nf_conntrack_max); conntrack -F; ping -c 1 127.0.0.1; sysctl -qw net.netfilter.nf_conntrack_max=1; ip netns exec a ping -c 2 -W 1 10.99.0.2; sysctl -qw net.netfilter.nf_conntrack_max=$max`,
    words: /^connection tracking has no room for another connection \(nf_conntrack_max\)/,
    count: 2,
  },
  {
    ...there,
    name: 'the machine does not forward',
    command: `sysctl -qw net.ipv4.ip_forward=0; ip netns exec a ping -c 2 -W 1 10.99.0.2; sysctl -qw net.ipv4.ip_forward=1`,
    words:
      /^this machine forwards nothing that comes in there \(net\.ipv4\.ip_forward is 0\) \(IP_INADDRERRORS in ip_error\)$/,
    count: 2,
  },
  {
    ...there,
    name: 'a rule of another namespace',
    command: `ip netns exec outside iptables -A INPUT -p icmp -j DROP; ${ping}; ip netns exec outside iptables -F`,
    words: /^a rule of the firewall dropped it, or the policy of a chain \(NETFILTER_DROP in nf_hook_slow\)$/,
    device: 'eth0',
    space: 'outside',
  },
  {
    ...there,
    name: 'it is larger than the MTU, and the error that says so is dropped',
    command: `ip link set voutside mtu 1400; ip -n outside link set eth0 mtu 1400; iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP; ip netns exec a ping -M do -s 1450 -c 2 -W 1 10.99.0.2; iptables -D OUTPUT 1; ip link set voutside mtu 1500; ip -n outside link set eth0 mtu 1500`,
    words: /^it is larger than the MTU of the next link, and must not be cut \(PKT_TOO_BIG in ip_forward\)$/,
    count: 2,
  },
  {
    name: 'the error itself, dropped by OUTPUT',
    command: `ip link set voutside mtu 1400; ip -n outside link set eth0 mtu 1400; iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP; ip netns exec a ping -M do -s 1450 -c 1 -W 1 10.99.0.2; iptables -D OUTPUT 1; ip link set voutside mtu 1500; ip -n outside link set eth0 mtu 1500`,
    source: '10.98.0.1',
    destination: '10.98.0.2',
    words: /^a rule of the firewall dropped it/,
    device: '',
    space: '',
    unseen: true,
  },
  {
    name: 'answers, dropped by OUTPUT',
    command: `iptables -I OUTPUT -p icmp -j DROP; ip netns exec outside ping -c 3 -i 0.3 -W 1 10.99.0.1; iptables -D OUTPUT 1`,
    source: '10.99.0.1',
    destination: '10.99.0.2',
    words: /^a rule of the firewall dropped it/,
    device: '',
    space: '',
    count: 3,
    unseen: true,
  },
  {
    ...there,
    name: 'a rule of FORWARD rejects',
    command: `iptables -I FORWARD -d 10.99.0.2 -j REJECT; ${ping}; iptables -D FORWARD 1`,
    words: /^a rule of the firewall dropped it/,
  },
  {
    ...there,
    name: 'the clock is set back meanwhile',
    command: `iptables -I FORWARD -p icmp -j DROP; now=$(date +%s); date -s 2010-01-01; ${ping}; date -s @$now; iptables -D FORWARD 1`,
    words: /^a rule of the firewall dropped it/,
  },
  {
    ...there,
    name: 'a chain’s policy',
    command: `iptables -P FORWARD DROP; ${ping}; iptables -P FORWARD ACCEPT`,
    words: /^a rule of the firewall dropped it/,
  },
  {
    ...there,
    name: 'there is no route',
    command: 'ip netns exec a ping -c 1 -W 1 192.0.2.1',
    destination: '192.0.2.1',
    words: /^there is no route to its destination \(IP_INNOROUTES in ip_error\)$/,
  },
  ...['prohibit', 'unreachable', 'blackhole'].map(
    (kind): Case => ({
      ...there,
      name: `a route that is ${kind}`,
      command: `ip route add ${kind} 192.0.2.2; ip netns exec a ping -c 1 -W 1 192.0.2.2; ip route del ${kind} 192.0.2.2`,
      destination: '192.0.2.2',
      words: /^the route to its destination says so: blackhole, unreachable or prohibit/,
    }),
  ),
  {
    ...there,
    name: 'no route leads back',
    command: `sysctl -qw net.ipv4.conf.va.rp_filter=1; ip -n a addr add 10.77.0.1/32 dev eth0; ip netns exec a ping -c 1 -W 1 -I 10.77.0.1 10.99.0.2; sysctl -qw net.ipv4.conf.va.rp_filter=0; ip -n a addr del 10.77.0.1/32 dev eth0`,
    source: '10.77.0.1',
    words: /^no route leads back to its sender, or none through the device .*\(reverse path filter\)/,
  },
  {
    ...there,
    name: 'a martian: an address of the machine itself comes in',
    command: `ip -n a addr add 10.99.0.1/32 dev eth0; ip netns exec a ping -c 1 -W 1 -I 10.99.0.1 10.99.0.2; ip -n a addr del 10.99.0.1/32 dev eth0`,
    source: '10.99.0.1',
    words: /\(a martian\) \(NOT_SPECIFIED in ip_rcv_finish_core\)$/,
  },
  {
    ...there,
    name: 'its TTL ran out',
    command: 'ip netns exec a ping -t 1 -c 1 -W 1 10.99.0.2',
    words: /^its TTL ran out \(IP_INHDR in ip_forward\)$/,
  },
  {
    ...there,
    name: 'no program listens, UDP',
    command: "ip netns exec a bash -c 'echo hi >/dev/udp/10.99.0.2/99'",
    words: /^no program listens at that port, and ICMP says so/,
    device: 'eth0',
    space: 'outside',
  },
  {
    ...there,
    name: 'no program listens, TCP',
    command: 'ip netns exec a nc -z -w 1 10.99.0.2 99',
    words: /^no program listens at that port, and TCP answers with a reset/,
    device: 'eth0',
    space: 'outside',
  },
  {
    ...there,
    name: 'nothing speaks that protocol',
    command: `ip netns exec a perl -e 'use Socket; socket(S, PF_INET, SOCK_RAW, 200); send(S, "hello", 0, sockaddr_in(0, inet_aton("10.99.0.2")))'`,
    words: /^nothing here speaks that protocol/,
    device: 'eth0',
    space: 'outside',
  },
  {
    ...there,
    name: 'nobody answers ARP',
    command: 'ip netns exec a ping -c 1 -W 4 10.99.0.77',
    destination: '10.99.0.77',
    words: /^nobody answered ARP for the next hop/,
    device: 'voutside',
  },
  {
    ...there,
    name: 'netem loses it',
    command: `tc qdisc add dev voutside root netem loss 100%; ${ping}; tc qdisc del dev voutside root`,
    words: /^netem on voutside dropped it/,
    device: 'voutside',
  },
  {
    ...there,
    name: 'a queue is full',
    command: `tc qdisc add dev voutside root tbf rate 8kbit burst 1600 limit 1600; ip netns exec a ping -q -i 0.1 -s 1200 -c 4 -W 1 10.99.0.2; sleep 4; tc qdisc del dev voutside root`,
    words: /^voutside is held to a rate, and the queue of those that wait is full/,
    device: 'voutside',
  },
  {
    ...there,
    name: 'the next device has no carrier',
    command: `ip neigh replace 10.99.0.2 lladdr 02:00:00:00:99:02 dev voutside nud permanent; ip -n outside link set eth0 down; sleep 0.3; ip neigh replace 10.99.0.2 lladdr 02:00:00:00:99:02 dev voutside nud permanent; ip netns exec a ping -c 2 -i 0.3 -W 1 10.99.0.2; ip neigh del 10.99.0.2 dev voutside; ip -n outside link set eth0 up; ip -n outside route add default via 10.99.0.1; sleep 0.3`,
    words: /^voutside has no carrier: its other end is down/,
    device: 'voutside',
  },
  {
    ...there,
    name: 'a socket’s queue is full',
    command: `ip netns exec outside perl -e 'use Socket; socket(S, PF_INET, SOCK_DGRAM, 17); setsockopt(S, SOL_SOCKET, SO_RCVBUF, 2304); bind(S, sockaddr_in(500, INADDR_ANY)); sleep 200' & until ip netns exec outside ss -Hlun | grep -q ':500 '; do sleep 0.2; done; ip netns exec a perl -e 'use Socket; socket(S, PF_INET, SOCK_DGRAM, 17); send(S, "x" x 900, 0, sockaddr_in(500, inet_aton("10.99.0.2"))) for 1 .. 5'; sleep 1; kill $!; wait`,
    words: /^the receiving socket’s queue is full/,
    device: 'eth0',
    space: 'outside',
  },
  {
    ...there,
    name: 'a tc filter',
    command: `tc qdisc add dev va clsact; tc filter add dev va ingress matchall action drop; ${ping}; tc qdisc del dev va clsact`,
    words: /^a tc filter dropped it on the way in/,
  },
  {
    ...there,
    name: 'the other end of a veth pair takes no packet of that size',
    command: `ip -n outside link set eth0 mtu 1000; ip netns exec a ping -s 1300 -c 1 -W 1 10.99.0.2; ip -n outside link set eth0 mtu 1500`,
    words: /^the other end of the veth pair is down, or takes no packet of that size/,
    device: 'voutside',
  },
];

test.each(cases)(
  'names the packet: $name',
  async ({ command, source, destination, words: sentence, device, space, ...more }) => {
    const { drops, output } = await during(`{ ${command}\n} 2>&1`);
    const shown = `${output}\n${drops.map((drop) => `${dropWords(drop)} ${drop.location} ${drop.device}@${drop.namespace} ${JSON.stringify(ofDrop(drop))}`).join('\n')}`;
    const its = drops.filter((drop) => {
      const packet = ofDrop(drop);
      return packet?.source === source && packet.destination === destination;
    });
    expect(its.length, shown).toBeGreaterThanOrEqual(more.count ?? 1);
    for (const drop of its) {
      expect(dropWords(drop), shown).toMatch(sentence);
      expect(drop.device, shown).toBe(device);
      expect(drop.namespace, shown).toBe(spaces.get(space));
      if (more.unseen) continue;
      const hop = hops.find((one) => ofHop(one)?.key === ofDrop(drop)?.key);
      expect(hop && placeOf(hop), shown).toBeDefined();
      // One time for both, though they are stamped by different clocks of the guest's.
      expect(Math.abs(drop.time - (hop?.time ?? 0)), shown).toBeLessThan(5);
    }
  },
);

test('a drop has the time of the tap’s packets, to the millisecond', async () => {
  await during(`ip netns exec a ping -c 3 -i 0.2 10.99.0.2`);
  const { drops } = await during(
    `iptables -I FORWARD -p icmp -j DROP; ip netns exec a ping -c 5 -i 0.2 -W 1 10.99.0.2; iptables -D FORWARD 1`,
  );
  const apart = drops.flatMap((drop) => {
    const packet = ofDrop(drop);
    const hop = packet === null ? undefined : hops.find((one) => ofHop(one)?.key === packet.key);
    return hop === undefined ? [] : [drop.time - hop.time];
  });
  expect(apart.length).toBe(5);
  expect(Math.min(...apart)).toBeGreaterThanOrEqual(-0.0001);
  expect(apart.sort((a, b) => a - b)[2]).toBeLessThan(0.005);
});

test('a connection that is translated is told of without being asked, and so is its end', async () => {
  await during(
    'iptables -t nat -A POSTROUTING -s 10.98.0.0/24 -o voutside -j MASQUERADE; ip netns exec a ping -c 1 -W 1 10.99.0.2; conntrack -D -s 10.98.0.2; iptables -t nat -F POSTROUTING; sleep 0.3',
  );
  await expect
    .poll(() =>
      connections.filter(({ original, reply }) => original.source === '10.98.0.2' && reply.destination === '10.99.0.1'),
    )
    .toMatchObject([{ from: expect.any(Number) }, { from: expect.any(Number), until: expect.any(Number) }]);
  const request = hops.find((hop) => ofHop(hop)?.source === '10.98.0.2');
  const [entry] = connections;
  expect(Math.abs((entry?.from ?? 0) - (request?.time ?? 0))).toBeLessThan(0.5);
});

test('whether a socket got it is told of while somebody asks', async () => {
  const talk =
    "(nc -l -p 7070 >/dev/null & sleep 0.5; echo hello | ip netns exec a nc -N -w 1 10.98.0.1 7070); ip netns exec outside timeout 2 nc -u -l -p 7071 >/dev/null & sleep 0.5; ip netns exec a bash -c 'echo hi >/dev/udp/10.99.0.2/7071'; wait";
  await during(talk);
  expect(words.filter(({ kind }) => kind === 'socket')).toEqual([]);
  host.watchSockets(true);
  await expect.poll(() => words.some((word) => word.kind === 'watch' && word.sockets)).toBe(true);
  await during(talk);
  host.watchSockets(false);
  const sockets = words.filter((word) => word.kind === 'socket');
  const to = (destination: string, space: string) =>
    sockets.filter(
      ({ packet, namespace }) =>
        named(dissect(packet, rawIp, packet.length))?.destination === destination && namespace === spaces.get(space),
    );
  // SYN, ACK, data, FIN at least.
  expect(to('10.98.0.1', '').length).toBeGreaterThanOrEqual(4);
  expect(to('10.99.0.2', 'outside').length).toBe(1);
  expect(to('10.99.0.2', 'outside')[0]?.location).toMatch(/^__udp_enqueue_schedule_skb/);
});

test('nothing is said to be dropped where all went well', async () => {
  await during(
    '(nc -l -p 7070 >/dev/null & sleep 0.5; dd if=/dev/zero bs=64k count=20 2>/dev/null | ip netns exec a nc -N 10.98.0.1 7070; wait); ip netns exec a ping -c 3 -i 0.2 10.99.0.2; ping -c 2 -i 0.2 127.0.0.1',
  );
  // Neighbours that the new namespaces look for by IPv6, which is off in the machine, are no part of that.
  const others = words.filter((word) => word.kind === 'drop' && word.protocol === 0x0800 && isLoss(word));
  expect(others).toEqual([]);
});

test('all that was dropped is told of for a time that is named; when somebody switches tracing off, that is said', async () => {
  await during(ping);
  const watch = words.find((word) => word.kind === 'watch');
  expect(watch?.until).toBeGreaterThan(hops.at(-1)?.time ?? Infinity);
  await during('echo 0 >/sys/kernel/tracing/tracing_on; sleep 5');
  expect(words.some((word) => word.kind === 'gap' && word.until - word.from > 1)).toBe(true);
  await during('echo 1 >/sys/kernel/tracing/tracing_on');
  // Who tells of nothing is not waited for; asked now, it answers a moment later.
  await expect.poll(() => words.some(({ kind }) => kind === 'watch'), { timeout: 10_000 }).toBe(true);
});

test('a flood of 20,000 drops chokes neither the agent nor the tap, and what was lost is told', async () => {
  await run('ip netns exec outside iptables -A INPUT -p udp --dport 99 -j DROP');
  await run(
    `printf '%s' 'use Socket; socket(S, PF_INET, SOCK_DGRAM, 17); connect(S, sockaddr_in(99, inet_aton("127.0.0.1"))); send(S, "hello $_", 0) for 1 .. $ARGV[0];' >/tmp/flood.pl`,
  );
  const flood = host.exec('ip netns exec outside perl /tmp/flood.pl 20000; echo done', { timeout: PATIENCE });
  const started = performance.now();
  expect((await host.exec('echo here')).stdout).toBe('here\n');
  const answeredIn = performance.now() - started;
  const { drops } = await during('sleep 1');
  await flood;
  await sleep(3000);
  await host.flushTap();
  const told = words.filter((word) => word.kind === 'drop').length;
  const lost = words.reduce((sum, word) => (word.kind === 'gap' ? sum + word.count : sum), 0);
  console.log(
    `flood: answered in ${answeredIn.toFixed(0)} ms, ${told} told, ${lost} lost, ${drops.length} within a second`,
  );
  expect(answeredIn).toBeLessThan(10_000);
  expect(lost).toBeGreaterThan(0);
  const { drops: after } = await during(`iptables -I FORWARD -p icmp -j DROP; ${ping}; iptables -D FORWARD 1`);
  expect(after.filter((drop) => ofDrop(drop)?.destination === '10.99.0.2').length).toBe(1);
  await run('ip netns exec outside iptables -F');
});

test('goes on after the lab has gone back, and when the machine is switched off and on', async () => {
  const drop = `iptables -I FORWARD -p icmp -j DROP; ${ping}; iptables -D FORWARD 1`;
  const ours = (drops: readonly DropEvidence[]) =>
    drops.filter((one) => ofDrop(one)?.destination === '10.99.0.2').length;
  const checkpoint = await lab.checkpoint('before');
  expect(ours((await during(drop)).drops)).toBe(1);
  await sleep(500);
  await lab.goBackTo(checkpoint);
  await lab.thaw();
  await host.exec('true');
  expect(ours((await during(drop)).drops)).toBe(1);
  expect(words.some((word) => word.kind === 'drop' && Math.abs(word.time - lab.time.now()) < 30)).toBe(true);
  words = [];
  await host.reboot();
  await expect.poll(() => words.some((word) => word.kind === 'watch'), { timeout: 400_000, interval: 500 }).toBe(true);
  const { drops } = await during('iptables -A INPUT -p udp --dport 99 -j DROP; echo hi >/dev/udp/127.0.0.1/99');
  expect(drops.map((one) => [ofDrop(one)?.destination, one.device, one.namespace])).toEqual([
    ['127.0.0.1', 'lo', spaces.get('')],
  ]);
}, 600_000);
