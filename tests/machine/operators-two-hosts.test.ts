// Mistakes with two Docker hosts on one wire, made in lab two-hosts: what is said of what one sends to the other.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inNetworkOf, keepNetworks } from './guest-command.ts';
import { type Mistake, Operator } from './operator.ts';

let operator: Operator;

const [one, other] = ['kube-worker-01', 'kube-worker-02'] as const;
const there = '10.0.0.122';
const request = `icmp.type == 8 && ip.dst == ${there}`;
const syn = 'tcp.flags.syn == 1 && tcp.flags.ack == 0';
const lost = /100% packet loss/;
const arrives = / 0% packet loss/;

/** Listens and takes no connection: the queue of those that wait has room for one, and that one is there. */
const busy = `systemd-run --quiet --unit=busy python3 -c '
import socket, time
s = socket.socket(); s.bind(("", 7000)); s.listen(0)
c = socket.create_connection(("127.0.0.1", 7000)); time.sleep(300)' && for i in $(seq 50); do ss -Htn state established dport = :7000 | grep -q . && exit; sleep 0.1; done; exit 1`;

beforeAll(async () => {
  operator = await Operator.of('two-hosts');
  await operator.run({
    [one]: `docker run -d --name client toolbox sleep 3600 && ${keepNetworks}`,
    [other]:
      'docker run -d --name web -p 127.0.0.1:8080:80 whoami && ip netns add far && ip link add vfar type veth peer name eth0 netns far && ip link set vfar master docker0 up && ip -n far addr add 172.17.0.3/16 dev eth0 && ip -n far link set eth0 up',
  });
  expect(await operator.run({ [one]: inNetworkOf('client', `ping -c 1 -W 2 ${there}`) })).toMatch(arrives);
});
afterAll(async () => operator?.dispose());

const mistakes: readonly Mistake[] = [
  {
    name: 'a container of the other host has an address that is on this host’s bridge as well: nobody here has it',
    made: {},
    undone: {},
    traffic: { [one]: inNetworkOf('client', 'ping -c 1 -W 1 172.17.0.3') },
    prints: lost,
    says: [
      {
        of: 'arp.opcode == 1 && arp.dst.proto_ipv4 == 172.17.0.3',
        end: 'unknown',
        why: /^nobody was seen to answer: no ARP reply from 172\.17\.0\.3/,
      },
    ],
  },
  {
    name: 'the netmask is too wide: what is behind the other host is looked for on the wire',
    made: {
      [one]: 'ip addr add 10.0.0.121/16 dev eth0',
      [other]: 'ip link add behind type dummy; ip addr add 10.0.5.1/24 dev behind; ip link set behind up',
    },
    undone: { [one]: 'ip addr del 10.0.0.121/16 dev eth0', [other]: 'ip link del behind' },
    traffic: { [one]: inNetworkOf('client', 'ping -c 1 -W 5 10.0.5.2') },
    says: [
      {
        of: 'icmp.type == 8 && ip.dst == 10.0.5.2',
        end: 'dropped',
        grade: 'seen',
        why: /^nobody answered ARP: kube-worker-01 asked 3 times who has 10\.0\.5\.2, and 1\S+ answered: host unreachable/,
      },
    ],
  },
  {
    name: 'the other host does not answer ARP',
    made: { [one]: `ip neigh del ${there} dev eth0`, [other]: 'sysctl -qw net.ipv4.conf.eth0.arp_ignore=8' },
    undone: { [other]: 'sysctl -qw net.ipv4.conf.eth0.arp_ignore=0' },
    traffic: { [one]: inNetworkOf('client', `ping -c 1 -W 5 ${there}`) },
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^nobody answered ARP: kube-worker-01 asked 3 times who has 10\.0\.0\.122/,
      },
      { of: `arp.opcode == 1 && arp.dst.proto_ipv4 == ${there}`, end: 'unknown', why: /no ARP reply/ },
    ],
  },
  {
    name: 'a port is published on 127.0.0.1 alone',
    made: {},
    undone: {},
    traffic: { [one]: `docker exec client nc -w 2 ${there} 8080 </dev/null` },
    says: [
      {
        of: `${syn} && tcp.dstport == 8080`,
        end: 'dropped',
        grade: 'seen',
        why: /^10\.0\.0\.122 answered with a reset: no program listens at that port/,
      },
      { of: 'tcp.flags.reset == 1 && tcp.srcport == 8080', end: 'delivered' },
    ],
  },
  {
    name: 'a rule rejects as if nobody listened',
    made: { [one]: 'iptables -I FORWARD -p tcp --dport 8080 -j REJECT --reject-with tcp-reset' },
    undone: { [one]: 'iptables -D FORWARD 1' },
    traffic: { [one]: `docker exec client nc -w 2 ${there} 8080 </dev/null` },
    says: [
      {
        of: `${syn} && tcp.dstport == 8080`,
        end: 'dropped',
        grade: 'seen',
        why: /^a rule of the firewall of kube-worker-01 rejected it, with a reset in the name of 10\.0\.0\.122/,
      },
    ],
  },
  {
    name: 'a program takes no connections, and their queue is full',
    made: { [other]: busy },
    undone: { [other]: 'systemctl stop busy' },
    traffic: { [one]: `timeout 1 bash -c 'echo >/dev/tcp/${there}/7000'; echo status $?` },
    prints: /status 124/,
    says: [
      {
        of: `${syn} && tcp.dstport == 7000`,
        end: 'unknown',
        why: /^TCP of kube-worker-02 got it, and nobody was seen to answer|it got as far as kube-worker-02\/eth0/,
      },
    ],
  },
  {
    name: 'containers are not masqueraded: the other host looks for them on its own bridge',
    made: { [one]: 'iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE' },
    undone: { [one]: 'iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE' },
    traffic: { [one]: inNetworkOf('client', `ping -c 1 -W 1 ${there}`) },
    prints: lost,
    says: [
      { of: request, end: 'delivered', grade: 'seen' },
      {
        of: `icmp.type == 0 && ip.src == ${there}`,
        end: 'delivered',
        way: ['kube-worker-02/docker0', 'kube-worker-02/veth'],
      },
    ],
  },
  {
    name: 'the same, and reverse paths are looked at strictly',
    made: {
      [one]: 'iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
      [other]: 'sysctl -n net.ipv4.conf.eth0.rp_filter >/tmp/rp; sysctl -qw net.ipv4.conf.eth0.rp_filter=1',
    },
    undone: {
      [one]: 'iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
      [other]: 'sysctl -qw net.ipv4.conf.eth0.rp_filter=$(cat /tmp/rp)',
    },
    traffic: { [one]: inNetworkOf('client', `ping -c 1 -W 1 ${there}`) },
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: no route leads back to its sender, or none through the device/,
      },
    ],
  },
  {
    name: 'the hosts are in different VLANs',
    made: {
      [one]:
        'ip link add link eth0 name vlan10 type vlan id 10 && ip addr add 10.10.0.1/24 dev vlan10 && ip link set vlan10 up && ip neigh replace 10.10.0.2 lladdr $(ip neigh show 10.0.0.122 dev eth0 | sed "s/.*lladdr \\([^ ]*\\).*/\\1/") dev vlan10 nud permanent',
      [other]:
        'ip link add link eth0 name vlan20 type vlan id 20 && ip addr add 10.10.0.2/24 dev vlan20 && ip link set vlan20 up',
    },
    undone: { [one]: 'ip link del vlan10', [other]: 'ip link del vlan20' },
    traffic: { [one]: 'ping -c 1 -W 1 10.10.0.2' },
    prints: lost,
    says: [
      {
        of: 'icmp.type == 8 && ip.dst == 10.10.0.2',
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: it is in VLAN 10, for which kube-worker-02\/eth0 has no device/,
      },
    ],
  },
  {
    name: 'a driver breaks every frame',
    made: { [one]: 'tc qdisc add dev eth0 root netem corrupt 100%' },
    undone: { [one]: 'tc qdisc del dev eth0 root' },
    traffic: { [one]: inNetworkOf('client', `ping -s 1200 -c 1 -W 1 ${there}`) },
    prints: lost,
    says: [{ of: `${request} && ip.ttl == 64`, end: 'unknown' }],
  },
];

test.each(mistakes)('$name', async (mistake) => operator.learnsFrom(mistake));

test('the cable of the other host is out: the wire says so of the frame', async () => {
  operator.lab.setCable(other, false);
  try {
    await operator.learnsFrom({
      name: '',
      made: {},
      undone: {},
      traffic: { [one]: inNetworkOf('client', `ping -c 1 -W 1 ${there}`) },
      prints: lost,
      says: [
        {
          of: request,
          end: 'dropped',
          grade: 'seen',
          why: /^the wire lan did not deliver it: the cable of kube-worker-02 is out/,
        },
      ],
    });
  } finally {
    operator.lab.setCable(other, true);
  }
});

test('all mistakes are undone', async () => {
  await operator.learnsFrom({
    name: '',
    made: {},
    undone: {},
    traffic: { [one]: `sleep 1; ${inNetworkOf('client', `ping -c 1 -W 2 ${there}`)}` },
    prints: arrives,
    says: [
      { of: request, end: 'delivered', grade: 'seen', changed: ['ip.src', '172.17.0.2', '10.0.0.121', /conntrack/] },
      { of: `icmp.type == 0 && ip.src == ${there}`, end: 'delivered' },
    ],
  });
});
