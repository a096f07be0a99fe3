import { afterEach, describe, expect, it, vi } from 'vitest';
import { cooked, dropOf, ipv4, udp } from '../../tests/support/journey.ts';
import { KeptMachine, PlainMachine, report } from '../../tests/support/lab.ts';
import type { Hop } from '../hop/hop.ts';
import { readRecord, writeRecord } from './kept-record.ts';
import { LabJourneys } from './lab-journeys.ts';
import { LabOfMachines } from './lab-of-machines.ts';

afterEach(() => void vi.useRealTimers());

/** Two machines that run, and how often each was asked. */
async function twoHosts() {
  const asked = new Map<string, number>();
  const machines = ['host-01', 'host-02'].map((name) => {
    const machine = new PlainMachine(name);
    machine.exec = async () => {
      if (machine.state.peek().kind !== 'running') throw new Error(`${name} does not run`);
      asked.set(name, (asked.get(name) ?? 0) + 1);
      return { stdout: '100.5\n\n--lockstep--\n', stderr: '', exitCode: 0, ms: 1 };
    };
    return machine;
  });
  const lab = new LabOfMachines('two-hosts', 'Two hosts', machines);
  const journeys = new LabJourneys(lab);
  lab.onHops(({ hops }) => journeys.add(hops));
  await lab.start();
  const [one, other] = machines as [PlainMachine, PlainMachine];
  return { asked, journeys, lab, one, other };
}

it('asks once about a packet, though a machine is off: that one is not waited for', async () => {
  const { asked, journeys, one, other } = await twoHosts();
  await other.powerOff();
  one.saw([1]);
  expect(journeys.pending(1)).toBe('What host-01 knows of it is being asked.');
  await journeys.ask(1);
  expect(journeys.pending(1)).toBe('');
  await journeys.ask(1);
  expect(asked).toEqual(new Map([['host-01', 1]]));
});

it('knows what taps lost, for its journeys and for whoever keeps them, until another run begins', async () => {
  const { journeys } = await twoHosts();
  const before = journeys.context();
  expect(before.gaps).toEqual([]);
  const gap = { machine: 'host-01', from: 1, until: 2, count: 937 };
  journeys.missed([]);
  expect(journeys.context()).toBe(before);
  journeys.missed([gap]);
  expect(journeys.context().gaps).toEqual([gap]);
  for (let i = 0; i < 2000; i++) journeys.missed([{ ...gap, count: i }]);
  expect(journeys.context().gaps?.length).toBe(1000);
  expect(journeys.context().gaps?.at(-1)?.count).toBe(1999);
  journeys.clear();
  expect(journeys.context().gaps).toEqual([]);
});

it('does not say for ever that a machine is being asked which does not answer, as one that restarts its services', async () => {
  const { journeys, one, other } = await twoHosts();
  await other.powerOff();
  one.exec = async () => {
    throw new Error('host-01 has not answered in time.');
  };
  one.saw([1]);
  expect(journeys.pending(1)).toBe('What host-01 knows of it is being asked.');
  await journeys.ask(1);
  expect(journeys.pending(1)).toBe('');
});

it('asks again when a machine that stood goes on', async () => {
  const { asked, journeys, one, other } = await twoHosts();
  await other.freeze();
  one.saw([1]);
  await journeys.ask(1);
  expect(journeys.pending(1)).toBe('What host-02 knows of it is asked when time goes on.');
  await other.thaw();
  await journeys.ask(1);
  expect(journeys.pending(1)).toBe('');
  // The one that had answered is not asked twice.
  expect(asked.get('host-01')).toBe(1);
  expect(asked.get('host-02')).toBe(1);
});

it('tells what a rule drops after going back, though it had counted more before', async () => {
  const machine = new PlainMachine('host-01');
  let count = 0;
  let asked = 0;
  machine.exec = async () => {
    asked++;
    const rules = `*filter\n[${count}:0] -A FORWARD -j DROP\n`;
    return { stdout: [`${asked}.5\n`, rules, '[]'].join('\n--lockstep--\n'), stderr: '', exitCode: 0, ms: 0 };
  };
  const lab = new LabOfMachines('a', 'A', [machine]);
  const journeys = new LabJourneys(lab);
  lab.onHops(({ hops }) => journeys.add(hops));
  await lab.start();
  const counted = () =>
    (journeys.context().evidence ?? []).flatMap((item) => (item.kind === 'counter' ? [item.packets] : []));
  machine.saw([1]);
  await journeys.ask(1);
  const checkpoint = await lab.checkpoint('');
  count = 5;
  machine.saw([1]);
  await journeys.ask(2);
  expect(counted()).toEqual([5]);
  count = 0;
  await lab.goBackTo(checkpoint);
  await new Promise((resolve) => setTimeout(resolve));
  count = 3;
  machine.saw([1]);
  await journeys.ask(3);
  expect(counted()).toEqual([5, 3]);
});

it('asks anew for a packet that came while a machine was answering, and counts no answer twice', async () => {
  const machine = new PlainMachine('host-01');
  let asked = 0;
  machine.exec = async () => {
    const count = [0, 5, 6][asked++] ?? 6;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const rules = `*filter\n[${count}:0] -A FORWARD -j DROP\n`;
    return { stdout: [`${asked}.5\n`, rules, '[]'].join('\n--lockstep--\n'), stderr: '', exitCode: 0, ms: 0 };
  };
  const lab = new LabOfMachines('a', 'A', [machine]);
  const journeys = new LabJourneys(lab);
  lab.onHops(({ hops }) => journeys.add(hops));
  await lab.start();
  machine.saw([1]);
  await journeys.ask(1);
  machine.saw([1]);
  const first = journeys.ask(2);
  const same = journeys.ask(2);
  await expect.poll(() => asked).toBe(2);
  machine.saw([1]);
  const later = journeys.ask(3);
  await Promise.all([first, same, later]);
  const evidence = journeys.context().evidence ?? [];
  expect(evidence.flatMap((item) => (item.kind === 'counter' ? [item.packets] : []))).toEqual([5, 1]);
  expect(asked).toBe(3);
});

it('has what kernels say by themselves, without asking, and nothing of it in a new run', async () => {
  const { asked, journeys, one } = await twoHosts();
  const conntrack = [
    {
      machine: 'host-01',
      id: '7',
      original: { protocol: 17, source: '172.17.0.3', sourcePort: 9, destination: '10.0.0.12', destinationPort: 53 },
      reply: { protocol: 17, source: '10.0.0.12', sourcePort: 53, destination: '10.0.0.11', destinationPort: 9 },
      from: 1,
    },
  ];
  const gap = { kind: 'gap', machine: 'host-01', from: 1, until: 2, count: 3 } as const;
  const watch = (until: number) => ({ kind: 'watch', machine: 'host-01', from: 1, until, sockets: false }) as const;
  // Up to when all has been told is said again and again: the last time counts.
  for (const word of [watch(2), gap, watch(4), watch(6)])
    for (const witness of one.witnesses) witness({ evidence: [word], conntrack });
  const { evidence, conntrack: known } = journeys.context();
  expect(evidence).toEqual([watch(6), gap]);
  expect(known).toEqual(conntrack);
  expect(asked.size).toBe(0);
  // Of which packets a socket got, only while somebody looks.
  expect(one.socketsWatched).toBe(false);
  journeys.of(1);
  expect(one.socketsWatched).toBe(true);
  journeys.clear();
  expect(journeys.context().evidence).toEqual([]);
  expect(journeys.context().conntrack).toEqual([]);
  journeys.dispose();
  expect(one.witnesses.size).toBe(0);
  expect(one.socketsWatched).toBe(false);
});

it('takes what a machine counts after it was switched off for what it has counted since', async () => {
  const machine = new PlainMachine('host-01');
  let count = 4;
  machine.exec = async () => {
    const rules = `*filter\n[${count}:0] -A FORWARD -j DROP\n`;
    return { stdout: ['4000000000.5\n', rules, '[]'].join('\n--lockstep--\n'), stderr: '', exitCode: 0, ms: 0 };
  };
  const journeys = new LabJourneys(new LabOfMachines('one', 'One', [machine]));
  machine.state.value = { kind: 'running' };
  machine.kernel.value = report(1, [1]);
  await journeys.ask(1);
  machine.kernel.value = null;
  machine.kernel.value = report(1, [1]);
  count = 7;
  await journeys.ask(2);
  const packets = journeys.context().evidence?.map((one) => one.kind === 'counter' && one.packets);
  expect(packets).toEqual([4, 7]);
  journeys.dispose();
});

it('of a packet whose end may not have been decided, an answer is not all there is', async () => {
  const { asked, journeys, lab, one, other } = await twoHosts();
  await other.powerOff();
  one.sawFrame({ time: lab.time.now(), device: 'eth0', direction: 'in', linkType: 276, bytes: new Uint8Array(20) });
  await journeys.ask(1);
  expect(asked.get('host-01')).toBe(1);
  expect(journeys.pending(1)).toBe('What host-01 knows of it is being asked.');
  await new Promise((resolve) => setTimeout(resolve, 250));
  await journeys.ask(1);
  expect(asked.get('host-01')).toBe(2);
  expect(journeys.pending(1)).toBe('');
});

it('does not ask a machine that has started anew about what was before', async () => {
  const { journeys, one, other } = await twoHosts();
  other.kernel.value = report(1, [1]);
  one.saw([1]);
  await one.powerOff();
  expect(journeys.pending(1)).toContain('host-02');
  other.kernel.value = null;
  other.kernel.value = report(1, [1]);
  expect(journeys.pending(1)).toBe('');
});

it('knows which devices were there before, and until when; a report that tells nothing new is none', async () => {
  const { journeys, lab, one } = await twoHosts();
  const before = lab.time.now();
  for (const ifindexes of [[1, 2], [1, 2], [1], [1, 3]]) one.kernel.value = report(1, ifindexes);
  const { topology, past = [] } = journeys.context();
  const names = (devices: readonly { readonly name: string }[] = topology?.devices ?? []): string[] =>
    devices.map(({ name }) => name);
  expect(names()).toEqual(['eth1', 'eth3']);
  expect(past.map((era) => names(era.topology.devices))).toEqual([['eth1', 'eth2'], ['eth1']]);
  for (const { until } of past) expect(until).toBeGreaterThanOrEqual(before);
  // However many come and go, and nobody looks.
  for (let n = 0; n < 300; n++) one.kernel.value = report(1, [1, 4 + n]);
  expect(journeys.context().past?.length).toBeLessThanOrEqual(64);
  // Another run of the lab.
  await lab.reset();
  expect(journeys.context().past).toEqual([]);
});

const tuple = { protocol: 17, source: '10.0.0.7', destination: '10.0.0.2', sourcePort: 9, destinationPort: 99 };
const datagram = (id: number): Uint8Array => cooked(ipv4(tuple, 64, id, udp(tuple, Uint8Array.of(1, 2))), false);

describe('packets that a kernel said it dropped', () => {
  /** A machine that tells by itself, and what happens in it. */
  async function teller() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    const { journeys, lab, one } = await twoHosts();
    const start = lab.time.now();
    const see = (ids: readonly number[]): void => {
      for (const id of ids)
        one.sawFrame({
          ...{ device: 'eth0', direction: 'in', linkType: 276 },
          time: start + id / 1000,
          bytes: datagram(id),
        });
    };
    const drop = (id: number): void => {
      const bytes = datagram(id);
      const hop: Hop = {
        ...{ n: 0, machine: 'host-01', device: 'eth0', direction: 'in', time: start + id / 1000, linkType: 276 },
        ...{ bytes, originalLength: bytes.length },
      };
      for (const witness of one.witnesses) witness({ evidence: [dropOf(hop, { namespace: 0 })], conntrack: [] });
    };
    const told = async (): Promise<number[]> => {
      await vi.advanceTimersByTimeAsync(1000);
      return journeys.dropped.peek().map(({ id }) => id);
    };
    return { see, drop, told };
  }
  const numbers = (from: number, until: number): number[] =>
    Array.from({ length: until - from + 1 }, (_, i) => from + i);

  it('are told of once each and in their order, also when there are more than are remembered', async () => {
    const { see, drop, told } = await teller();
    for (const id of numbers(1, 150)) {
      see([id]);
      drop(id);
    }
    expect(await told()).toEqual(numbers(51, 150));
    see([151]);
    drop(151);
    expect(await told()).toEqual(numbers(52, 151));
  });

  it('are told of though hundreds of others come right behind', async () => {
    const { see, drop, told } = await teller();
    see([1]);
    drop(1);
    see(numbers(101, 400));
    expect(await told()).toEqual([1]);
  });
});

it('says the same of a packet after the page was loaded anew, though another device has its address since', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  /** What the kernel reports when its second device has this address. */
  const reported = (address: string) => {
    const { namespaces, ...rest } = report(9, [2, 3]);
    const local = (ifindex: number) => [{ family: 'inet', local: ifindex === 2 ? '10.0.0.1' : address, prefixlen: 24 }];
    return {
      ...rest,
      namespaces: namespaces.map((namespace) => ({
        ...namespace,
        links: namespace.links.map((link) => ({ ...link, addr_info: local(link.ifindex) })),
      })),
    };
  };
  const page = () => {
    const machine = new KeptMachine('host-01');
    const lab = new LabOfMachines('a', 'A', [machine]);
    const journeys = new LabJourneys(lab);
    let run = 0;
    lab.onHops((batch) => {
      if (batch.run !== run) journeys.clear();
      run = batch.run;
      journeys.add(batch.hops);
    });
    return { machine, lab, journeys };
  };
  const { machine, lab, journeys } = page();
  await lab.start();
  machine.kernel.value = reported('10.0.0.9');
  vi.advanceTimersByTime(20_000);
  machine.sawFrame({ device: 'eth2', direction: 'in', linkType: 276, time: lab.time.now(), bytes: datagram(5) });
  vi.advanceTimersByTime(20_000);
  machine.kernel.value = reported('10.0.0.2');
  let written = new Uint8Array();
  await lab.keep(null, async (record) => {
    written = await writeRecord(record);
  });
  const read = await readRecord(written, 'a', lab.snapshots);
  if ('why' in read) throw new Error(read.why);
  const next = page();
  await next.lab.continueFrom(read.record);
  next.machine.kernel.value = reported('10.0.0.2');
  expect(journeys.of(1)?.why).toBeDefined();
  expect(next.journeys.of(1)?.why).toBe(journeys.of(1)?.why);
});
