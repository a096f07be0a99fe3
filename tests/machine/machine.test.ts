// What the machine promises to everything above it, on the real one.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { summarize } from '../../src/packet/summary.ts';
import { run as runIn, until } from './guest-command.ts';
import { Reader } from './reader.ts';

let lab: Lab;
let host: Machine;
let reader: Reader;
const hops: Hop[] = [];

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  lab.onHops((batch) => hops.push(...batch.hops));
  await lab.start();
  const [machine] = lab.machines;
  const console = machine?.consoles[1];
  if (machine === undefined || console === undefined) throw new Error('super-bridge has a machine with two terminals');
  host = machine;
  reader = new Reader(console);
});
afterAll(async () => lab?.dispose());

const run = (command: string): Promise<string> => runIn(host, command);
const deviceNames = (): string[] => lab.graph.value.devices.map((device) => device.name);

describe('a restored machine', () => {
  test('has the time of day', async () => {
    expect(Math.abs(Number(await run('date +%s.%N')) - Date.now() / 1000)).toBeLessThan(5);
  });

  test('runs systemd, and nothing failed', async () => {
    expect(await run('ps -p 1 -o comm=')).toBe('systemd');
    expect(await run('systemctl --failed --no-legend')).toBe('');
    expect(await run('systemctl is-active docker containerd')).toBe('active\nactive');
  });

  test('has what the course needs', async () => {
    await run(
      'for program in ip bridge brctl iptables nft ipset conntrack tcpdump ping traceroute curl nc iperf3 etcd etcdctl ssh less nano jq docker crun; do command -v $program >/dev/null || { echo $program is missing >&2; exit 1; }; done',
    );
    expect(await run("docker info -f '{{.DefaultRuntime}} {{.Driver}}'")).toBe('crun overlay2');
    expect((await run("docker images --format '{{.Repository}}'")).split('\n').sort()).toEqual(['toolbox', 'whoami']);
  });

  test('gives output, errors and status apart, and ends what takes too long', async () => {
    expect(await host.exec('printf "ü\\n"; echo bad >&2; exit 3')).toMatchObject({
      stdout: 'ü\n',
      stderr: 'bad\n',
      exitCode: 3,
    });
    expect((await host.exec('sleep 30', { timeout: 1000 })).exitCode).toBe(124);
  });
});

describe('a terminal', () => {
  test('has the size that it was given', async () => {
    expect((await reader.type('stty size')).text).toBe('50 240');
    host.consoles[1]?.resize(101, 33);
    await sleep(300);
    expect((await reader.type('stty size')).text).toBe('33 101');
    host.consoles[1]?.resize(240, 50);
  });

  test('carries UTF-8 and long input whole', async () => {
    const text = 'ünïcödé → '.repeat(60).trim();
    expect((await reader.type(`echo '${text}' | md5sum; echo '${text}' | wc -m`)).text).toMatch(
      new RegExp(`^\\s*${[...text].length + 1}$`, 'm'),
    );
  });
});

describe('the picture follows the kernel', () => {
  test('a device comes, gets an address, goes', async () => {
    await run('ip link add probe0 type dummy && ip addr add 192.0.2.1/24 dev probe0 && ip link set probe0 up');
    await until('probe0 in the graph', () =>
      lab.graph.value.devices.some(
        (device) => device.name === 'probe0' && device.addresses.includes('192.0.2.1/24') && device.up,
      ),
    );
    await run('ip addr del 192.0.2.1/24 dev probe0');
    await until('its address to go', () =>
      lab.graph.value.devices.some((device) => device.name === 'probe0' && device.addresses.length === 0),
    );
    await run('ip link del probe0');
    await until('probe0 to go', () => !deviceNames().includes('probe0'));
  });

  test('a namespace without a process, and a pair of which it has one end', async () => {
    await run('ip netns add blue && ip link add vblue type veth peer name eth0 netns blue');
    await until('the namespace blue', () => lab.graph.value.namespaces.some((namespace) => namespace.name === 'blue'));
    await until('the pair', () => {
      const [edge] = lab.graph.value.edges.filter((each) => each.kind === 'veth');
      return edge !== undefined && deviceNames().includes('vblue');
    });
    await run('ip netns del blue');
    await until('them to go', () => !deviceNames().includes('vblue'));
  });

  test('a container has its name, its address and its cable', async () => {
    await run('docker run -d --name probe --network bridge toolbox sleep 900');
    await until('the container', () => lab.graph.value.namespaces.some((namespace) => namespace.name === 'probe'));
    const graph = lab.graph.value;
    const namespace = graph.namespaces.find((each) => each.name === 'probe');
    const eth0 = graph.devices.find((device) => device.namespace === namespace?.id && device.name === 'eth0');
    expect(eth0?.addresses).toEqual([`${await run("docker inspect -f '{{.NetworkSettings.IPAddress}}' probe")}/16`]);
    const cable = graph.edges.find(
      (edge) => edge.kind === 'veth' && [edge.source, edge.target].includes(eth0?.id ?? ''),
    );
    const hostEnd = graph.devices.find(
      (device) => device.id === (cable?.source === eth0?.id ? cable?.target : cable?.source),
    );
    expect(hostEnd?.ifindex).toBe(Number(await run('docker exec probe cat /sys/class/net/eth0/iflink')));
    const port = graph.edges.find((edge) => edge.kind === 'port' && edge.source === hostEnd?.id);
    expect(graph.devices.find((device) => device.id === port?.target)?.name).toBe('docker0');
  });
});

describe('the tap', () => {
  test('saw every echo request and reply at each interface, in order', async () => {
    hops.length = 0;
    await run('ping -c 5 -i 0.2 "$(docker inspect -f \'{{.NetworkSettings.IPAddress}}\' probe)"');
    await host.flushTap();
    const infos = hops
      .map((hop) => ({ device: hop.device, ...summarize(hop.bytes, hop.linkType) }))
      .filter((each) => each.protocol === 'ICMP');
    const at = (pattern: RegExp) =>
      infos.filter((each) => pattern.test(each.device)).map((each) => /(request|reply)/.exec(each.info)?.[0]);
    const five = Array.from({ length: 5 }, () => ['request', 'reply']).flat();
    expect(at(/^docker0$/)).toEqual(five);
    expect(at(/^veth/)).toEqual(five);
    expect(hops.every((hop) => hop.deviceId !== '')).toBe(true);
  });
});

describe('time stands still', () => {
  test('ping and date do not notice twenty seconds', async () => {
    const ping = reader.type('ping -c 6 -i 0.5 172.17.0.1');
    await sleep(1000);
    const before = Number(await run('date +%s.%N'));
    await lab.freeze();
    expect(lab.state.value).toEqual({ kind: 'frozen', reason: 'reader' });
    await sleep(20_000);
    await lab.thaw();
    expect(Number(await run('date +%s.%N')) - before).toBeLessThan(5);
    const { text } = await ping;
    expect(text).toContain('6 packets transmitted, 6 received, 0% packet loss');
    expect(Number(/time (\d+)ms/.exec(text)?.[1])).toBeLessThan(10_000);
    expect(Number(/= [\d.]+\/[\d.]+\/([\d.]+)\//.exec(text)?.[1])).toBeLessThan(2000);
  });
});

describe('a reader who breaks things', () => {
  test('a full disk does not stop the agent', async () => {
    await run(
      'fallocate -l $(($(df --output=avail -k / | tail -1) - 10000))K /fill; dd if=/dev/zero of=/fill2 bs=64k status=none 2>/dev/null; sync; true',
    );
    expect(await run('echo kept >/root/note 2>/dev/null; wc -c </root/note')).toBe('0');
    expect(await run('echo still here')).toBe('still here');
    await run('rm -f /fill /fill2 /root/note');
  });

  test('the agent and the tap come back when they are killed; who waits for a command is told', async () => {
    const waiting = host.exec('sleep 100');
    await run('until pgrep -fx "sleep 100" >/dev/null; do sleep 0.1; done');
    await reader.type(
      'pkill -9 -f lockstep/agent; pkill -9 tcpdump; ip link add after0 type dummy; ip link set after0 up',
    );
    await until('the agent to report again', () => deviceNames().includes('after0'));
    const { exitCode, stdout, stderr, ms } = await waiting;
    expect([exitCode, stdout, stderr]).toEqual([
      255,
      '',
      expect.stringContaining('The agent of host-01 ended before the command did'),
    ]);
    expect(ms).toBeLessThan(30_000);
    hops.length = 0;
    await run('ping -c 2 -i 0.2 172.17.0.1');
    await host.flushTap();
    expect(hops.some((hop) => hop.device === 'lo' && summarize(hop.bytes, hop.linkType).protocol === 'ICMP')).toBe(
      true,
    );
  });

  test('a loopback that is down does not keep a capture from ending', async () => {
    await run('ip link set lo down');
    await host.flushTap();
    await run('ip link set lo up');
  });

  test('reset brings everything back', async () => {
    await run('rm -rf /usr/bin/docker /root');
    await lab.reset();
    expect(lab.state.value).toEqual({ kind: 'running' });
    expect((await host.exec('docker ps -aq && ls -d /root')).stdout.trim()).toBe('/root');
  });
});
