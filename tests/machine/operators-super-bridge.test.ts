// Mistakes with one Docker host, made in lab super-bridge: bridges, published ports, addresses that two have.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inNetworkOf, keepNetworks } from './guest-command.ts';
import { type Mistake, Operator } from './operator.ts';

let operator: Operator;

const host = 'host-01';
const [web, client] = ['172.17.0.2', '172.17.0.3'] as const;
const ping = { [host]: inNetworkOf('client', `ping -c 1 -W 1 ${web}`) };
const request = `icmp.type == 8 && ip.dst == ${web}`;
const lost = /100% packet loss/;
const arrives = / 0% packet loss/;
const syn = 'tcp.flags.syn == 1 && tcp.flags.ack == 0';

/** A namespace behind a port of a bridge. */
const plug = (name: string, address: string, bridge = 'docker0'): string =>
  `ip netns add ${name} && ip link add v${name} type veth peer name eth0 netns ${name} && ip link set v${name} master ${bridge} up && ip -n ${name} addr add ${address}/16 dev eth0 && ip -n ${name} link set eth0 up`;

beforeAll(async () => {
  operator = await Operator.of('super-bridge');
  await operator.run({
    [host]: `docker run -d --name web whoami && docker run -d --name client toolbox sleep infinity && docker network create other && ${keepNetworks}
      ${plug('far', '172.18.0.9', '$(ip -br link | sed -n "s/^\\(br-[^ ]*\\).*/\\1/p")')}
      ip netns add outside && ip link add vout type veth peer name eth0 netns outside && ip addr add 10.99.0.1/24 dev vout && ip link set vout up && ip -n outside addr add 10.99.0.2/24 dev eth0 && ip -n outside link set eth0 up && ip -n outside route add default via 10.99.0.1`,
  });
  expect(await operator.run(ping)).toMatch(arrives);
});
afterAll(async () => operator?.dispose());

const mistakes: readonly Mistake[] = [
  {
    name: 'a container calls itself by its host’s address, and the bridge hands nothing back to the port that it came from',
    made: {
      [host]: `iptables -t nat -I PREROUTING -p tcp --dport 8088 -m addrtype --dst-type LOCAL -j DNAT --to-destination ${client}:80`,
    },
    undone: { [host]: 'iptables -t nat -D PREROUTING 1' },
    traffic: { [host]: 'docker exec client nc -w 1 172.17.0.1 8088 </dev/null' },
    says: [
      // The connection never was one, so that connection tracking says nothing of it.
      {
        of: `${syn} && tcp.dstport == 8088`,
        end: 'unknown',
        notes: [/^It may be the same packet as journey \d+ \(172\.17\.0\.3:\d+ → 172\.17\.0\.3:80\)/],
      },
      {
        of: `${syn} && tcp.dstport == 80`,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of host-01 dropped it: the bridge may not hand it on: it came in at the port that leads there/,
      },
    ],
  },
  {
    name: 'two of Docker’s networks are kept apart',
    made: {},
    undone: {},
    traffic: {
      [host]: inNetworkOf('client', 'ping -c 1 -W 1 172.18.0.9'),
    },
    prints: lost,
    says: [
      {
        of: 'icmp.type == 8',
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of host-01 dropped it: a rule of the firewall/,
        notes: [/-A DOCKER-ISOLATION-STAGE-2 -o br-\S+ -j DROP \(table filter\) on host-01 took one packet/],
      },
    ],
  },
  {
    name: 'a service went to another container, and connection tracking sends what goes on to the old one',
    made: {
      [host]: `iptables -t nat -I PREROUTING -i vout -p udp --dport 5300 -j DNAT --to-destination ${web}:53; iptables -I FORWARD -i vout -j ACCEPT
        ip netns exec outside python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 5555)); s.sendto(b"one", ("10.99.0.1", 5300))'
        iptables -t nat -R PREROUTING 1 -i vout -p udp --dport 5300 -j DNAT --to-destination ${client}:53`,
    },
    undone: { [host]: 'iptables -t nat -D PREROUTING 1; iptables -D FORWARD 1; conntrack -D -p udp --dport 5300' },
    traffic: {
      [host]: `ip netns exec outside python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 5555)); s.sendto(b"two", ("10.99.0.1", 5300))'; sleep 0.5`,
    },
    says: [
      {
        of: 'udp.dstport == 5300',
        end: 'dropped',
        grade: 'seen',
        why: /^172\.17\.0\.2 answered: port unreachable, no program listens there/,
        changed: ['ip.dst', '10.99.0.1', web, /^conntrack on host-01/],
      },
    ],
  },
  {
    name: 'two containers have one address',
    made: { [host]: `${plug('d1', '172.17.0.50')}; ${plug('d2', '172.17.0.50')}` },
    undone: { [host]: 'ip netns del d1; ip netns del d2' },
    traffic: { [host]: `${inNetworkOf('client', 'ping -c 1 -W 2 172.17.0.50')}; sleep 0.3` },
    says: [
      {
        of: 'arp.opcode == 1 && arp.dst.proto_ipv4 == 172.17.0.50',
        end: 'delivered',
        notes: [/^Several devices answer for 172\.17\.0\.50, with the MAC addresses \S+ and \S+: each claims/],
      },
      { of: 'icmp.type == 8', end: 'delivered', notes: [/^Several devices answer for 172\.17\.0\.50/] },
    ],
  },
  {
    name: 'a rule of the bridge itself',
    made: {
      [host]:
        "nft 'add table bridge lab; add chain bridge lab forward { type filter hook forward priority -200; }; add rule bridge lab forward ip protocol icmp drop'",
    },
    undone: { [host]: 'nft delete table bridge lab' },
    traffic: ping,
    prints: lost,
    says: [
      { of: request, end: 'dropped', grade: 'seen', why: /^the kernel of host-01 dropped it: a rule of the firewall/ },
    ],
  },
  {
    name: 'iptables sees what a bridge hands on',
    made: { [host]: 'iptables -I FORWARD -i docker0 -o docker0 -j DROP' },
    undone: { [host]: 'iptables -D FORWARD 1' },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        notes: [/-A FORWARD -i docker0 -o docker0 -j DROP \(table filter\) on host-01 took one packet/],
      },
    ],
  },
  {
    name: 'iptables does not see what a bridge hands on, and its rule drops nothing',
    made: {
      [host]: 'iptables -I FORWARD -i docker0 -o docker0 -j DROP; sysctl -qw net.bridge.bridge-nf-call-iptables=0',
    },
    undone: { [host]: 'iptables -D FORWARD 1; sysctl -qw net.bridge.bridge-nf-call-iptables=1' },
    traffic: ping,
    prints: arrives,
    says: [{ of: request, end: 'delivered', grade: 'seen', notes: [] }],
  },
  {
    name: 'the host’s neighbour entry of a container that was made anew is stale: all get the datagram, nobody takes it',
    made: { [host]: `ip neigh replace ${client} lladdr 02:42:ac:11:00:99 dev docker0 nud permanent` },
    undone: { [host]: `ip neigh del ${client} dev docker0` },
    traffic: { [host]: `echo hi >/dev/udp/${client}/99; sleep 0.3` },
    says: [
      {
        of: `udp.dstport == 99 && ip.dst == ${client}`,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of host-01 dropped it in client: its frame is for another MAC address/,
      },
    ],
  },
  {
    name: 'no mistake: the bridge has forgotten where a container is, all get the datagram, and that one takes it',
    made: {
      [host]: `ip neigh replace ${client} lladdr 02:42:ac:11:00:03 dev docker0 nud permanent
        systemd-run --quiet --unit=taker ${inNetworkOf('client', 'nc -u -l 98')}
        for i in $(seq 50); do ${inNetworkOf('client', 'ss -Hlun sport = :98')} | grep -q . && break; sleep 0.1; done`,
    },
    undone: { [host]: `systemctl stop taker; ip neigh del ${client} dev docker0` },
    traffic: {
      [host]: `for port in $(ls /sys/class/net/docker0/brif); do bridge fdb del 02:42:ac:11:00:03 dev $port master 2>/dev/null; done; echo hi >/dev/udp/${client}/98; sleep 0.3`,
    },
    says: [{ of: `udp.dstport == 98 && ip.dst == ${client}`, end: 'delivered' }],
  },
  {
    name: 'a rule of the container’s own rejects as if nobody listened',
    made: {
      [host]: inNetworkOf('web', 'iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset'),
    },
    undone: { [host]: inNetworkOf('web', 'iptables -F') },
    traffic: { [host]: `docker exec client nc -w 1 ${web} 80 </dev/null` },
    says: [
      {
        of: `${syn} && tcp.dstport == 80`,
        end: 'dropped',
        grade: 'seen',
        why: /^a rule of the firewall in web on host-01 rejected it, with a reset/,
      },
    ],
  },
];

test.each(mistakes)('$name', async (mistake) => operator.learnsFrom(mistake));

test('all mistakes are undone', async () =>
  operator.learnsFrom({
    name: '',
    made: {},
    undone: {},
    traffic: ping,
    prints: arrives,
    says: [
      { of: request, end: 'delivered', grade: 'seen', notes: [] },
      { of: `icmp.type == 0 && ip.src == ${web}`, end: 'delivered', notes: [] },
    ],
  }));
