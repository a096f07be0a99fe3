// What goes wrong: some of it from the beginning, some in the middle, some of it mended again.
import type { Dice } from './dice.ts';
import type { Network } from './network.ts';
import type { Action, CableFault } from './plan.ts';

const CHAINS = [
  'raw PREROUTING',
  'mangle PREROUTING',
  'filter INPUT',
  'filter FORWARD',
  'filter OUTPUT',
  'mangle POSTROUTING',
] as const;

/** Commands at random moments of a run that lasts so many seconds. */
export function faultsOf(network: Network, dice: Dice, seconds: number): Action[] {
  const count = dice.below(4);
  return Array.from({ length: count }, () => faultOf(network, dice, seconds)).flat();
}

/** In a lab's machine, whose kernel has more: netem, queues that are short, one table of connections. */
export function labFaultsOf(network: Network, dice: Dice, seconds: number): Action[] {
  const count = 1 + dice.below(4);
  return Array.from({ length: count }, () =>
    dice.chance(0.5) ? labFaultOf(network, dice, seconds) : faultOf(network, dice, seconds),
  ).flat();
}

function labFaultOf(network: Network, dice: Dice, seconds: number): Action[] {
  const device = dice.pick(network.devices.filter(({ kind }) => kind === 'veth'));
  const router = dice.pick(network.spaces.filter((space) => !network.hostOf.has(space) && space !== 'lan'));
  const at = dice.chance(0.5) ? 0 : seconds * dice.fraction();
  const later = at + (seconds - at) * dice.fraction();
  const run = (line: string, space = device.space, when = at): Action => ({ do: 'run', at: when, space, line });
  const queue = `tc qdisc replace dev ${device.name} root`;
  const pod = dice.pick(network.pods);
  const host = network.hostOf.get(pod) ?? router;
  switch (dice.below(7)) {
    case 0:
      return [run(`${queue} netem loss ${dice.pick([20, 50, 100])}%`)];
    case 1:
      return [run(`${queue} netem duplicate ${dice.pick([20, 50])}%`)];
    case 2:
      return [run(`${queue} tbf rate ${dice.pick([20, 100])}kbit burst 1600 limit ${dice.pick([1600, 4000])}`)];
    case 3:
      return [
        run('sysctl -qw net.netfilter.nf_conntrack_max=1', network.own ?? router),
        run('sysctl -qw net.netfilter.nf_conntrack_max=65536', network.own ?? router, later),
      ];
    // An address of its own as somebody else's: a martian.
    case 4:
      return [
        run(`ip addr add ${network.address(pod)}/32 dev lo`, router),
        run(`ip addr del ${network.address(pod)}/32 dev lo`, router, later),
      ];
    case 5:
      return [run(`ip route flush ${network.address(pod).replace(/\d+$/, '0')}/24`, host === 'h1' ? 'h2' : 'h1')];
    default:
      return [run('sysctl -qw net.ipv4.conf.all.rp_filter=1', router)];
  }
}

function faultOf(network: Network, dice: Dice, seconds: number): Action[] {
  const routers = network.spaces.filter((space) => !network.hostOf.has(space) && space !== 'w' && space !== 'lan');
  const router = dice.pick(routers);
  const space = dice.chance(0.3) ? dice.pick(network.pods) : router;
  const at = dice.chance(0.5) ? 0 : seconds * dice.fraction();
  const run = (line: string, where = space, when = at): Action => ({ do: 'run', at: when, space: where, line });
  const later = at + (seconds - at) * dice.fraction();
  const pod = dice.pick(network.pods);
  const [target] = [network.address(pod)];
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2: {
      const [table, chain] = dice.pick(CHAINS).split(' ');
      const protocol = dice.pick(['', '-p udp', '-p tcp', '-p icmp']);
      const some = dice.chance(0.7) ? `-m statistic --mode nth --every ${2 + dice.below(3)} --packet 0` : '';
      const tool = dice.chance(0.3) && protocol !== '-p icmp' ? 'ip6tables' : 'iptables';
      return [run(`${tool} -t ${table} -A ${chain} ${protocol} ${some} -j DROP`)];
    }
    case 3:
      return [
        run(
          `iptables -A ${dice.pick(['INPUT', 'FORWARD'])} -p ${dice.pick(['udp', 'icmp', 'tcp'])} -m statistic --mode nth --every 2 --packet 0 -j REJECT`,
        ),
      ];
    case 4:
      return [
        run(`iptables -P ${dice.pick(['INPUT', 'FORWARD'])} DROP`),
        run('iptables -P INPUT ACCEPT; iptables -P FORWARD ACCEPT', space, later),
      ];
    case 5: {
      const device = dice.pick(network.devices.filter((one) => one.space === space && one.kind !== 'bridge'));
      return [run(`ip link set ${device.name} mtu ${dice.pick([1280, 1300, 700, 576])}`)];
    }
    case 6: {
      const device = dice.pick(network.devices.filter((one) => one.space === router && one.kind === 'veth'));
      return [run(`ip link set ${device.name} down`, router), run(`ip link set ${device.name} up`, router, later)];
    }
    case 7:
      return [run('sysctl -qw net.ipv4.conf.all.rp_filter=1', router)];
    case 8:
      return [run(`ip route replace ${dice.pick(['blackhole', 'prohibit', 'unreachable'])} ${target}/32`, router)];
    default:
      return [run('sysctl -qw net.ipv4.ip_forward=0', router), run('sysctl -qw net.ipv4.ip_forward=1', router, later)];
  }
}

export function cableFaultsOf(dice: Dice): CableFault[] {
  return Array.from({ length: 7 + dice.below(20) }, (): CableFault => {
    const chance = dice.fraction();
    if (chance < 0.7) return ['pass'];
    if (chance < 0.8) return ['lose'];
    if (chance < 0.9) return ['double', dice.pick([0, 0.002, 0.02])];
    return ['delay', dice.pick([0.001, 0.004, 0.03])];
  });
}
