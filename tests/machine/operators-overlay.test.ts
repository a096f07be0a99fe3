// Mistakes that operators of an overlay report, made in lab overlay: what is said of a ping from a container of one node to a container
// of another, of the tunnel's packet around it, and of what answers them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inNetworkOf, keepNetworks } from './guest-command.ts';
import { type Mistake, Operator } from './operator.ts';

let operator: Operator;

const [etcd, one, other] = ['etcd-01', 'kube-worker-01', 'kube-worker-02'] as const;
const [blue, green] = ['10.2.21.2', '10.2.22.2'] as const;

/** flanneld's entries for the other node: route, neighbour, and where that one's frames are sent. Its MAC address is in /tmp/far. */
const tunnelTo = (pod: string): string => {
  const net = pod.replace(/2$/, '0');
  const node = pod === blue ? '10.0.0.121' : '10.0.0.122';
  return `ip route replace ${net}/24 via ${net} dev flannel.1 onlink && ip neigh replace ${net} lladdr $(cat /tmp/far) dev flannel.1 nud permanent && bridge fdb replace $(cat /tmp/far) dev flannel.1 dst ${node}`;
};
const ping = { [one]: inNetworkOf('blue', `ping -c 1 -W 1 ${green}`) };
const request = `icmp.type == 8 && ip.dst == ${green}`;
const reply = `icmp.type == 0 && ip.src == ${green}`;
const lost = /100% packet loss/;
const arrives = / 0% packet loss/;

beforeAll(async () => {
  operator = await Operator.of('overlay');
  await operator.run({
    [one]: `docker run -d --name blue toolbox sleep 3600 && ${keepNetworks}`,
    [other]: `docker run -d --name green toolbox sleep 3600 && ${keepNetworks} && ip netns add red && ip link add vred type veth peer name eth0 netns red && ip link set vred master docker0 up && ip -n red addr add 10.2.22.9/24 dev eth0 && ip -n red link set eth0 up`,
  });
  // What the other node's tunnel has for a MAC address.
  for (const [machine, net] of [
    [one, '10.2.22.0'],
    [other, '10.2.21.0'],
  ] as const)
    await operator.run({
      [machine]: `cat /sys/class/net/flannel.1/address >/tmp/own; ip neigh show ${net} dev flannel.1 | sed 's/.*lladdr \\([^ ]*\\).*/\\1/' >/tmp/far; grep : /tmp/far`,
    });
  const inspect = (name: string): string => `docker inspect -f '{{.NetworkSettings.IPAddress}}' ${name}`;
  expect(await operator.run({ [one]: inspect('blue'), [other]: inspect('green') })).toBe(`${blue}\n${green}`);
  // Neighbours know each other.
  expect(await operator.run({ [one]: inNetworkOf('blue', `ping -c 2 ${green}`) })).toMatch(arrives);
});
afterAll(async () => operator?.dispose());

const mistakes: readonly Mistake[] = [
  {
    name: 'the tunnel’s port is closed to what comes in',
    made: { [other]: 'iptables -I INPUT -p udp --dport 8472 -j DROP' },
    undone: { [other]: 'iptables -D INPUT 1' },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it in a packet to 10\.0\.0\.122: a rule of the firewall/,
        notes: [/-A INPUT -p udp -m udp --dport 8472 -j DROP \(table filter\) on kube-worker-02 took one packet/],
      },
    ],
  },
  {
    name: 'the tunnel’s port is closed to what goes out',
    made: { [one]: 'iptables -I OUTPUT -p udp --dport 8472 -j DROP; iptables -I OUTPUT -p icmp -j DROP' },
    undone: { [one]: 'iptables -D OUTPUT 1; iptables -D OUTPUT 1' },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-01 dropped it in a packet to 10\.0\.0\.122: a rule of the firewall/,
        notes: [
          /-A OUTPUT -p udp -m udp --dport 8472 -j DROP \(table filter\) on kube-worker-01 took one packet/,
          /flannel\.1’s counter of what was to leave and was dropped on kube-worker-01 took one packet/,
        ],
      },
    ],
  },
  {
    name: 'the forwarding table leads to a machine without a tunnel',
    made: {
      [one]: 'bridge fdb replace $(cat /tmp/far) dev flannel.1 dst 10.0.0.101',
    },
    undone: {
      [one]: 'bridge fdb replace $(cat /tmp/far) dev flannel.1 dst 10.0.0.122',
    },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^10\.0\.0\.101 answered: port unreachable, no program listens there, about the packet that carried it/,
      },
      { of: 'icmp.type == 3 && ip.src == 10.0.0.101', end: 'delivered', about: request },
    ],
  },
  {
    name: 'the other end of the tunnel was made anew, with another MAC address',
    made: { [other]: 'ip link set dev flannel.1 address 02:00:00:00:22:99' },
    // With its address, Linux forgets the device's neighbours.
    undone: { [other]: `ip link set dev flannel.1 address $(cat /tmp/own); ${tunnelTo(blue)}` },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: its frame is for another MAC address \(OTHERHOST/,
      },
    ],
  },
  {
    name: 'the tunnel’s neighbour has a MAC address that nobody has',
    made: {
      [one]: 'ip neigh replace 10.2.22.0 lladdr 02:00:00:00:22:98 dev flannel.1 nud permanent',
    },
    undone: { [one]: tunnelTo(green) },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-01 dropped it: the VXLAN device knows no far end for its MAC address/,
      },
    ],
  },
  {
    name: 'the nodes have another network’s number for the tunnel',
    made: {
      [one]:
        'ip link add other type vxlan id 2 dev eth0 dstport 8472 remote 10.0.0.122 && ip addr add 10.77.0.1/24 dev other && ip link set other up && ip neigh replace 10.77.0.2 lladdr 02:00:00:00:77:02 dev other nud permanent',
    },
    undone: { [one]: 'ip link del other' },
    traffic: { [one]: inNetworkOf('blue', 'ping -c 1 -W 1 10.77.0.2') },
    prints: lost,
    says: [
      {
        of: 'icmp.type == 8 && ip.dst == 10.77.0.2',
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it in a packet to 10\.0\.0\.122: no VXLAN device here is for it/,
      },
    ],
  },
  {
    name: 'pods are masqueraded where they should not be',
    made: { [one]: 'iptables -t nat -I POSTROUTING -s 10.2.21.0/24 -o flannel.1 -j MASQUERADE' },
    undone: { [one]: 'iptables -t nat -D POSTROUTING 1' },
    traffic: ping,
    prints: arrives,
    says: [
      {
        of: request,
        end: 'delivered',
        grade: 'seen',
        changed: ['ip.src', blue, '10.2.21.0', /conntrack on kube-worker-01/],
      },
      { of: reply, end: 'delivered', changed: ['ip.dst', '10.2.21.0', blue, /conntrack on kube-worker-01/] },
    ],
  },
  {
    name: 'a bridge of this node has addresses of the other’s range',
    made: {
      [one]:
        'ip link add br-x type bridge && ip link add in-x type dummy && ip link set in-x master br-x up && ip addr add 10.2.22.3/25 dev br-x && ip link set br-x up && sleep 1',
    },
    undone: { [one]: 'ip link del br-x; ip link del in-x' },
    traffic: { [one]: inNetworkOf('blue', `ping -c 1 -W 5 ${green}`) },
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^nobody answered ARP: kube-worker-01 asked 3 times who has 10\.2\.22\.2, and 10\.2\.2[12]\.\d answered: host unreachable/,
      },
      {
        of: `arp.dst.proto_ipv4 == ${green} && arp.src.proto_ipv4 == 10.2.22.3`,
        end: 'unknown',
        why: /no ARP reply from 10\.2\.22\.2/,
      },
    ],
  },
  {
    name: 'the route to the other node’s range is gone',
    made: { [one]: 'ip route del 10.2.22.0/24' },
    undone: { [one]: 'ip route add 10.2.22.0/24 via 10.2.22.0 dev flannel.1 onlink' },
    traffic: ping,
    says: [{ of: request, end: 'dropped', grade: 'seen', why: /no route to that network/ }],
  },
  {
    name: 'the route back is gone',
    made: { [other]: 'ip route del 10.2.21.0/24' },
    undone: { [other]: 'ip route add 10.2.21.0/24 via 10.2.21.0 dev flannel.1 onlink' },
    traffic: ping,
    prints: lost,
    says: [
      { of: request, end: 'delivered', grade: 'seen' },
      { of: reply, end: 'dropped', grade: 'seen', why: /^10\.2\.22\.1 answered: no route to that network/ },
    ],
  },
  {
    name: 'packets that must not be cut, and an MTU that forgets the tunnel’s headers',
    made: {
      [one]: `ip link set docker0 mtu 1500; for port in $(ls /sys/class/net/docker0/brif); do ip link set $port mtu 1500; done; ${inNetworkOf('blue', 'ip link set eth0 mtu 1500')}`,
    },
    undone: {
      [one]: `ip link set docker0 mtu 1450; for port in $(ls /sys/class/net/docker0/brif); do ip link set $port mtu 1450; done; ${inNetworkOf('blue', 'ip link set eth0 mtu 1450')}; ${inNetworkOf('blue', 'ip route flush cache')}`,
    },
    traffic: { [one]: inNetworkOf('blue', `ping -M do -s 1472 -c 1 -W 1 ${green}`) },
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^10\.2\.21\.1 answered: too big and not to be cut, the next link takes 1450 bytes/,
      },
      { of: 'icmp.type == 3 && icmp.code == 4', end: 'delivered', about: request },
    ],
  },
  {
    name: 'the nodes’ link takes less than the tunnel believes: its packets go in two pieces, and that is no loss',
    made: { [one]: 'ip link set eth0 mtu 1400' },
    undone: { [one]: 'ip link set eth0 mtu 1500' },
    traffic: { [one]: inNetworkOf('blue', `ping -s 1400 -c 1 -W 1 ${green}`) },
    prints: arrives,
    says: [
      { of: `${request} && icmp.seq == 1`, end: 'delivered', grade: 'seen' },
      { of: 'ip.frag_offset > 0', end: 'delivered' },
    ],
  },
  {
    name: 'the rule that lets the overlay through is gone',
    made: { [other]: 'iptables -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD' },
    undone: { [other]: 'iptables -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD' },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: a rule of the firewall dropped it, or the policy/,
        notes: [/the policy of FORWARD \(table filter\) on kube-worker-02 took one packet/],
      },
    ],
  },
  {
    name: 'the other node does not forward',
    made: { [other]: 'sysctl -qw net.ipv4.ip_forward=0' },
    undone: { [other]: 'sysctl -qw net.ipv4.ip_forward=1' },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: this machine forwards nothing/,
      },
    ],
  },
  {
    name: 'a TTL that ends at the other node',
    made: {},
    undone: {},
    traffic: { [one]: inNetworkOf('blue', `ping -t 2 -c 1 -W 1 ${green}`) },
    says: [
      { of: request, end: 'dropped', grade: 'seen', why: /^the TTL ran out at 10\.2\.22\.\d/ },
      { of: 'icmp.type == 11', end: 'delivered', about: request },
    ],
  },
  {
    name: 'the wire’s device loses everything',
    made: { [one]: 'tc qdisc add dev eth0 root netem loss 100%' },
    undone: { [one]: 'tc qdisc del dev eth0 root' },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-01 dropped it in a packet to 10\.0\.0\.122: netem on eth0/,
      },
    ],
  },
  {
    name: 'a route says unreachable',
    made: { [one]: `ip route add unreachable ${green}` },
    undone: { [one]: `ip route del unreachable ${green}` },
    traffic: ping,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^10\.2\.21\.1 answered: host unreachable; the route to its destination says so/,
      },
    ],
  },
  {
    name: 'a route is a black hole',
    made: { [other]: `ip route add blackhole ${blue}` },
    undone: { [other]: `ip route del blackhole ${blue}` },
    traffic: ping,
    prints: lost,
    says: [
      { of: request, end: 'delivered', grade: 'seen' },
      {
        of: reply,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: the route to its destination says so/,
      },
    ],
  },
  {
    name: 'the other node’s neighbour entry of a container that was made anew is stale',
    made: {
      [other]: `ip neigh replace ${green} lladdr 02:42:0a:02:16:99 dev docker0 nud permanent`,
    },
    undone: { [other]: `ip neigh del ${green} dev docker0` },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it in green: its frame is for another MAC address/,
      },
    ],
  },
  {
    name: 'the way back is another one, and reverse paths are looked at strictly',
    made: {
      [other]:
        'ip route replace 10.2.21.0/24 via 10.0.0.121 dev eth0; sysctl -n net.ipv4.conf.flannel/1.rp_filter >/tmp/rp; sysctl -qw net.ipv4.conf.flannel/1.rp_filter=1',
    },
    undone: {
      [other]:
        'ip route replace 10.2.21.0/24 via 10.2.21.0 dev flannel.1 onlink; sysctl -qw net.ipv4.conf.flannel/1.rp_filter=$(cat /tmp/rp)',
    },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^the kernel of kube-worker-02 dropped it: no route leads back to its sender, or none through the device that it came in at/,
      },
    ],
  },
  {
    name: 'the way back is another one, and nobody minds',
    made: {
      [one]: 'sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0',
      [other]:
        'ip route replace 10.2.21.0/24 via 10.0.0.121 dev eth0; sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.flannel/1.rp_filter=0',
    },
    undone: { [other]: 'ip route replace 10.2.21.0/24 via 10.2.21.0 dev flannel.1 onlink' },
    traffic: ping,
    prints: arrives,
    says: [
      { of: request, end: 'delivered', grade: 'seen' },
      {
        of: reply,
        end: 'delivered',
        way: [
          'kube-worker-02/veth',
          'kube-worker-02/docker0',
          'kube-worker-02/eth0',
          'wire/lan',
          'kube-worker-01/eth0',
          'kube-worker-01/docker0',
          'kube-worker-01/veth',
        ],
      },
    ],
  },
  {
    name: 'a container of the other node has no default route',
    made: { [other]: inNetworkOf('green', 'ip route del default') },
    undone: { [other]: inNetworkOf('green', 'ip route add default via 10.2.22.1') },
    traffic: ping,
    prints: lost,
    says: [{ of: request, end: 'unknown' }],
  },
  {
    name: 'nobody listens at the container’s port',
    made: {},
    undone: {},
    traffic: { [one]: `docker exec blue nc -w 1 ${green} 81 </dev/null` },
    says: [
      {
        of: 'tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.dstport == 81',
        end: 'dropped',
        grade: 'seen',
        why: /^10\.2\.22\.2 answered with a reset: no program listens at that port/,
      },
      { of: 'tcp.flags.reset == 1 && tcp.srcport == 81', end: 'delivered' },
    ],
  },
  {
    name: 'two machines have the other node’s address',
    made: {
      [etcd]: 'ip addr add 10.0.0.122/32 dev eth0',
      [one]: 'ip neigh del 10.0.0.122 dev eth0',
    },
    undone: { [etcd]: 'ip addr del 10.0.0.122/32 dev eth0', [one]: 'ip neigh del 10.0.0.122 dev eth0' },
    traffic: ping,
    says: [
      {
        of: 'arp.opcode == 1 && arp.dst.proto_ipv4 == 10.0.0.122',
        end: 'delivered',
        notes: [/^Several devices answer for 10\.0\.0\.122, with the MAC addresses 02:\S+ and 02:\S+: each claims/],
      },
    ],
  },
  {
    name: 'a node’s neighbour entry of the other node is stale, and a third one takes in all frames',
    made: {
      [etcd]: 'ip link set eth0 promisc on',
      [one]: 'ip neigh replace 10.0.0.122 lladdr 02:00:00:00:01:99 dev eth0 nud permanent',
    },
    undone: { [etcd]: 'ip link set eth0 promisc off', [one]: 'ip neigh del 10.0.0.122 dev eth0' },
    traffic: ping,
    prints: lost,
    says: [{ of: request, end: 'dropped', grade: 'seen', why: /its frame is for another MAC address/ }],
  },
  {
    name: 'the tunnel’s device of the other node is down',
    made: { [other]: 'ip link set flannel.1 down' },
    undone: { [other]: `ip link set flannel.1 up; ${tunnelTo(blue)}` },
    traffic: ping,
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        why: /^10\.0\.0\.122 answered: port unreachable, no program listens there, about the packet that carried it/,
      },
      { of: 'icmp.type == 3 && ip.src == 10.0.0.122', end: 'delivered', about: request },
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
      { of: reply, end: 'delivered', notes: [] },
    ],
  }));

test('the other node is switched off', async () => {
  await operator.lab.machines.find(({ name }) => name === other)?.powerOff();
  await operator.learnsFrom({
    name: '',
    made: { [one]: 'ip neigh flush to 10.0.0.122 dev eth0' },
    undone: {},
    traffic: { [one]: `${inNetworkOf('blue', `ping -c 1 -W 5 ${green}`)}; sleep 1` },
    prints: lost,
    says: [
      {
        of: request,
        end: 'dropped',
        grade: 'seen',
        // The kernel says so itself, when it has given up before anybody looks.
        why: /^(nobody answered ARP: kube-worker-01 asked 3 times who has 10\.0\.0\.122, the far end of the tunnel|10\.0\.0\.121 answered: host unreachable; nobody answered ARP for the next hop, about the packet that carried it)/,
      },
    ],
  });
});
