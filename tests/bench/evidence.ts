// What it costs a busy machine that its kernel tells of drops and connections: the same work with it and without, in turns, in one run.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';

const names = {
  bulk: 'telling of drops, what it adds to TCP in bulk',
  pings: 'telling of drops, what it adds to a flood of pings',
  connections: 'telling of connections, what it adds to each new one',
};
const socketNames = {
  bulk: 'telling of sockets as well, what it adds to TCP in bulk',
  pings: 'telling of sockets as well, what it adds to a flood of pings',
};
/** A round measures each way once. What else the computer does only makes one slower: the quickest of several is the work itself. */
const rounds = 6;

/** Functions, and two namespaces: TCP in bulk between them, a flood of pings, and connections from the machine, which tracks them. */
const tools = `
cd /sys/kernel/tracing
tells=$(pgrep -x evidence)
off() { kill -STOP $tells; pkill -x conntrack; echo 0 >events/eprobes/lsdrop/enable; echo 0 >events/kprobes/lsfull/enable; }
on() { echo 1 >events/kprobes/lsfull/enable; echo 1 >events/eprobes/lsdrop/enable; kill -CONT $tells; sleep 3; }
ms() { local from=$(date +%s%N) name=$1; shift; "$@" >/dev/null; echo "$name $((($(date +%s%N) - from) / 1000))"; }
bulk() { dd if=/dev/zero bs=64k count=500 2>/dev/null | ip netns exec one perl -e 'use Socket; socket(S,PF_INET,SOCK_STREAM,6); connect(S,sockaddr_in(7000,inet_aton("10.9.0.2"))); while (sysread(STDIN,$b,65536)) { syswrite(S,$b) } shutdown(S,1); sysread(S,$b,1)'; }
pings() { ip netns exec one ping -q -f -c 1500 10.9.0.2; }
connections() { perl -e 'use Socket; for (1..200) { socket(S,PF_INET,SOCK_STREAM,6); connect(S,sockaddr_in(8098,inet_aton("10.97.0.2"))); sysread(S,$b,1000); close S }'; }
work() { ms bulk bulk; ms pings pings; ms connections connections; }
`;
const setUp = `
ip netns add one; ip netns add two
ip link add eth0 netns one type veth peer name eth0 netns two; ip link add vtwo type veth peer name eth1 netns two
ip -n one addr add 10.9.0.1/24 dev eth0; ip -n two addr add 10.9.0.2/24 dev eth0; ip -n two addr add 10.97.0.2/24 dev eth1; ip addr add 10.97.0.1/24 dev vtwo
ip -n one link set eth0 up; ip -n two link set eth0 up; ip -n two link set eth1 up; ip link set vtwo up
ip netns exec two perl -e 'use Socket; for ([7000, 1], [8098, 0]) { my ($port, $reads) = @$_; next if fork; socket(S,PF_INET,SOCK_STREAM,6); setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1); bind(S,sockaddr_in($port,INADDR_ANY)); listen(S,50); while (accept(C,S)) { if ($reads) { 1 while sysread(C,$b,65536) } else { syswrite(C,"x"x500) } close C } }' >/dev/null 2>&1 </dev/null &
sleep 2`;

const sockets = (on: 0 | 1): string => `for e in lstcp lstcp6 lsudp; do echo ${on} >events/kprobes/$e/enable; done`;
type Work = keyof typeof names;
const works = Object.keys(names) as Work[];

async function run(host: Machine, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await host.exec(command, { timeout: 240_000 });
  if (exitCode !== 0) throw new Error(`${command}: status ${exitCode}\n${stdout}${stderr}`);
  return stdout;
}

/** ms of each work, once. */
async function times(host: Machine, before: string): Promise<Record<Work, number>> {
  const printed = await run(host, `${tools}\n${before}\nwork`);
  const of = (work: Work): number => Number(new RegExp(`^${work} (\\d+)$`, 'm').exec(printed)?.[1]) / 1000;
  return { bulk: of('bulk'), pings: of('pings'), connections: of('connections') };
}

const least = (all: readonly Record<Work, number>[]): Record<Work, number> => ({
  bulk: Math.min(...all.map(({ bulk }) => bulk)),
  pings: Math.min(...all.map(({ pings }) => pings)),
  connections: Math.min(...all.map(({ connections }) => connections)),
});

const added = (time: number, without: number): number => (time / without - 1) * 100;

export const bench: Bench = {
  name: 'evidence',
  figures: [
    { name: names.bulk, unit: '%', target: { max: 3 } },
    { name: names.pings, unit: '%', target: { max: 3 } },
    // Each one and its end are told of by a program of its own, conntrack -E.
    { name: names.connections, unit: '%', target: {} },
    { name: socketNames.bulk, unit: '%', target: {} },
    { name: socketNames.pings, unit: '%', target: {} },
  ],
  run: async ({ signal, say }) => {
    const lab = await createNodeLab('super-bridge');
    try {
      await lab.start();
      const [host] = lab.machines;
      if (host === undefined) throw new Error('super-bridge has a machine');
      await run(host, setUp);
      // Code that was not compiled yet is slow.
      for (let n = 0; n < 2; n++) await run(host, `${tools}\nwork`);
      const all = { off: [], on: [], sockets: [] } as Record<'off' | 'on' | 'sockets', Record<Work, number>[]>;
      for (let n = 0; n < rounds; n++) {
        signal.throwIfAborted();
        all.off.push(await times(host, 'off'));
        all.on.push(await times(host, 'on'));
        all.sockets.push(await times(host, sockets(1)));
        await run(host, `${tools}\n${sockets(0)}; true`);
      }
      const off = least(all.off);
      const on = least(all.on);
      const withSockets = least(all.sockets);
      for (const work of works) say(`  ${work}: ${off[work].toFixed(0)} ms without, ${on[work].toFixed(0)} ms with it`);
      return {
        ...Object.fromEntries(works.map((work) => [names[work], [added(on[work], off[work])]])),
        [socketNames.bulk]: [added(withSockets.bulk, off.bulk)],
        [socketNames.pings]: [added(withSockets.pings, off.pings)],
      };
    } finally {
      await lab.dispose();
    }
  },
};
