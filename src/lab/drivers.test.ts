// A driver of our own, for machines that follow a script: what it takes to be a machine of a lab, and that this is all it takes.
import { describe, expect, it } from 'vitest';
import { report } from '../../tests/support/lab.ts';
import { labSource } from '../components/packets/source/lab-source.ts';
import { PacketStore } from '../components/packets/source/packet-store.ts';
import { type Hop, placeOf } from '../hop/hop.ts';
import { canNothing } from '../machine/abilities.ts';
import { BareMachine } from '../machine/bare-machine.ts';
import { type Driver, type MachinePlace, ManifestError } from '../machine/driver.ts';
import { onesSum } from '../packet/checksum.ts';
import { summarize } from '../packet/summary.ts';
import { createLab } from './create-lab.ts';
import type { DriverTable } from './drivers.ts';
import { LabJourneys } from './lab-journeys.ts';
import { readManifest } from './manifest.ts';

class ScriptedMachine extends BareMachine {
  override readonly can = { ...canNothing, tap: true };
  readonly #place: MachinePlace;
  readonly #host: number;
  constructor(name: string, place: MachinePlace, host: number) {
    super(name);
    this.#place = place;
    this.#host = host;
  }
  ping(host: number): void {
    this.#say(echo(8, this.#host, host));
  }
  override async start(): Promise<void> {
    await super.start();
    this.kernel.value = report(this.#host, [0]);
  }
  protected receive(frame: Uint8Array): void {
    this.#saw('in', frame);
    if (isPing(frame)) this.#say(echo(0, this.#host, frame[29] ?? 0));
  }
  #say(frame: Uint8Array): void {
    this.#saw('out', frame);
    this.sent.emit(frame.slice());
  }
  #saw(direction: 'in' | 'out', frame: Uint8Array): void {
    const bytes = cooked(frame);
    const time = this.#place.time.now();
    const seen = { time, ifindex: 0, device: 'eth0', direction, linkType: 276, bytes, originalLength: bytes.length };
    this.seen.emit({ frames: [seen], lost: [] });
  }
}
const scripted: Driver = {
  create({ name, setup }, place) {
    if (typeof setup !== 'number') throw new ManifestError(`The setup of ${name} is no number of a host`);
    return new ScriptedMachine(name, place, setup);
  },
};

/** An ICMP echo request (8) or reply (0) from 10.0.0.<from> to 10.0.0.<to>, as it is on the wire. */
function echo(type: 0 | 8, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(14 + 20 + 8);
  bytes.set([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0]);
  bytes.set([0x45, 0, 0, 28, 0x12, 0x34, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, from, 10, 0, 0, to], 14);
  bytes.set([type, 0, 0, 0, 0, 7, 0, 1], 34);
  for (const [start, end, at] of [
    [14, 34, 24],
    [34, 42, 36],
  ] as const)
    new DataView(bytes.buffer).setUint16(at, ~onesSum(bytes, start, end) & 0xffff);
  return bytes;
}
const isPing = (frame: Uint8Array): boolean => frame[12] === 8 && frame[34] === 8;

/** The same as `tcpdump -i any` has it: LINUX_SLL2, whose header names the device instead of the addresses. */
function cooked(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(20 + frame.length - 14);
  bytes.set([8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6]);
  bytes.set(frame.subarray(14), 20);
  return bytes;
}

const plan = (name: string, setup: unknown, driver = 'scripted') => ({ name, driver, download: [], setup });
const description = (...machines: readonly ReturnType<typeof plan>[]) => ({
  format: 3,
  lab: 'scripted',
  title: 'Machines that follow a script',
  wires: [{ name: 'lan', machines: machines.map(({ name }) => name) }],
  machines,
});
const drivers: DriverTable = { scripted: { load: async () => scripted } };
const open = (described: unknown) =>
  createLab(readManifest('scripted', JSON.stringify(described)), { base: '/machine/', drivers });

describe('machines of a driver of twenty lines', () => {
  async function start() {
    const lab = await open(description(plan('host-01', 1), plan('host-02', 2)));
    const journeys = new LabJourneys(lab);
    const source = labSource(lab, journeys);
    const list = new PacketStore({ capacity: source.capacity });
    source.onPackets((batch) => list.add(batch));
    lab.onHops(({ hops }) => journeys.add(hops));
    await lab.start();
    const rows = () => Array.from({ length: list.count }, (_, row) => list.packet(list.indexAt(row)));
    return { lab, journeys, source, list, rows, one: lab.machines[0] as ScriptedMachine };
  }

  it('are in the picture, on their wire', async () => {
    const { lab } = await start();
    expect(lab.state.value).toEqual({ kind: 'running' });
    expect(lab.graph.value.devices.map(({ id }) => id)).toEqual(['host-01/1/0', 'host-02/2/0']);
    expect(lab.graph.value.edges.map(({ source, target }) => `${source} ${target}`)).toEqual([
      'host-01/1/0 wire/lan',
      'host-02/2/0 wire/lan',
    ]);
    await lab.dispose();
  });

  it('ping each other over it: the list has each sighting, and two journeys lead from NIC to NIC', async () => {
    const { lab, journeys, source, list, rows, one } = await start();
    one.ping(2);
    while (list.work(100));
    const words = ({ bytes, linkType }: Hop) => /request|reply/.exec(summarize(bytes, linkType).info)?.[0];
    expect(rows().map((row) => `${placeOf(row)} ${words(row)}`)).toEqual([
      'host-01/eth0 request',
      'wire/lan request',
      'host-02/eth0 request',
      'host-02/eth0 reply',
      'wire/lan reply',
      'host-01/eth0 reply',
    ]);
    expect(journeys.of(1)?.hops.map(({ at }) => at)).toEqual(['host-01/eth0', 'wire/lan', 'host-02/eth0']);
    expect(journeys.of(4)?.hops.map(({ at }) => at)).toEqual(['host-02/eth0', 'wire/lan', 'host-01/eth0']);
    list.setOnePerPacket(true);
    list.regroupSome(source.regrouped(100)?.packets ?? []);
    while (list.work(100));
    expect(rows().map(({ n }) => n)).toEqual([1, 4]);
    // They have no agent that could be asked for more.
    expect(journeys.pending(6)).toBe('');
    expect(await journeys.ask(6)).toBe(false);
    await lab.dispose();
  });

  it('say in words what they cannot do, and everything else goes on', async () => {
    const { lab, one } = await start();
    await expect(one.freeze()).rejects.toThrow('host-01 cannot be frozen: nothing here can stop its time.');
    await expect(one.exec('true')).rejects.toThrow('host-01 cannot be asked by commands: it has no agent.');
    await expect(lab.checkpoint('here')).rejects.toThrow(/^host-01 cannot go back .* host-02 cannot go back/);
    expect(() => lab.setSpeed(0.5)).toThrow('host-01 cannot run slowly');
    await lab.resetMachine('host-01');
    lab.setCable('host-02', false);
    expect(lab.state.value).toEqual({ kind: 'running' });
    await lab.dispose();
  });
});

describe('a description that cannot be followed', () => {
  it('names a driver that nobody has here: which machine, which driver, what to do', async () => {
    await expect(open(description(plan('host-01', 1), plan('host-02', 2, 'qemu')))).rejects.toThrow(
      'The machine host-02 of the lab scripted is made by the driver "qemu", and only scripted is known here. Reload the page; if that does not help, build the lab again (npm run build).',
    );
    await expect(open(description(plan('host-01', 1, 'constructor')))).rejects.toThrow(ManifestError);
  });

  it('has a setup that its driver refuses', async () => {
    await expect(open(description(plan('host-01', '1')))).rejects.toThrow(
      'The setup of host-01 is no number of a host',
    );
  });
});
