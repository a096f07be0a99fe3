import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KeptMachine } from '../../tests/support/lab.ts';
import { Keeper } from './keeper.ts';
import { type KeptRecord, readRecord, writeRecord } from './kept-record.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import type { Shelf } from './shelf.ts';

class PlainShelf implements Shelf {
  readonly folder = 'somewhere';
  record: Uint8Array<ArrayBuffer> | null = null;
  others = ['another-lab'];
  full = 0;
  read = async () => this.record;
  write = async (record: Uint8Array<ArrayBuffer>) => {
    if (this.full-- > 0) throw new DOMException('no room', 'QuotaExceededError');
    this.record = record;
  };
  forget = async () => {
    this.record = null;
  };
  makeRoom = async () => this.others.pop() ?? null;
  close() {}
}

let machines: [KeptMachine, KeptMachine];
let lab: LabOfMachines;
let shelf: PlainShelf;
let keeper: Keeper;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  machines = [new KeptMachine('host-01'), new KeptMachine('host-02')];
  lab = new LabOfMachines('two', 'Two', machines, [{ name: 'lan', machines: ['host-01', 'host-02'] }]);
  await lab.start();
  shelf = new PlainShelf();
  keeper = new Keeper(lab, shelf, () => ({ path: '/here/' }));
});
afterEach(async () => {
  keeper.dispose();
  await lab.dispose();
  vi.useRealTimers();
});

/** Time passes, and what is asked of a hash is answered, which is nobody's timer. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await vi.waitFor(() => expect(keeper.busy).toBe(false), { interval: 1 });
}

async function record(): Promise<KeptRecord> {
  const read = await readRecord(shelf.record ?? new Uint8Array(), 'two', lab.snapshots);
  if ('why' in read) throw new Error(read.why);
  return read.record;
}

test('nothing is kept of a lab in which nothing has happened', async () => {
  machines[0].prints('$ ');
  await pass(120_000);
  expect(shelf.record).toBeNull();
  expect(keeper.state.value).toEqual({ at: null, unsafe: false, trouble: '' });
});

test('it is kept when it is quiet again: of all machines first, and then it holds', async () => {
  machines[0].prints('ls\r\nfile\r\n$ ');
  expect(keeper.state.value.unsafe).toBe(true);
  await pass(1500);
  expect(shelf.record).toBeNull();
  await pass(1000);
  expect(keeper.state.value).toEqual({ at: expect.any(Number), unsafe: false, trouble: '' });
  for (const { asked } of machines) expect(asked).toEqual(['take', 'go on', 'write', 'settle']);
  expect(lab.clock.held).toBe(false);
  expect(await record()).toMatchObject({
    lab: 'two',
    page: { path: '/here/' },
    machines: { 'host-01': { known: 7 } },
    cables: [
      ['host-01', true],
      ['host-02', true],
    ],
  });
});

test('who types is not made to wait, for a while', async () => {
  machines[0].prints('ls\r\nfile\r\n$ ');
  for (let tenth = 0; tenth < 100; tenth++) {
    machines[0].types();
    await pass(100);
  }
  expect(shelf.record).toBeNull();
  await pass(2100);
  expect(shelf.record).not.toBeNull();
});

test('what goes on and on is kept all the same, every twenty seconds', async () => {
  for (let second = 0; second < 61; second++) {
    machines[0].prints(`64 bytes from 10.0.0.1: icmp_seq=${second}\r\n`);
    await pass(1000);
  }
  expect(machines[0].asked.filter((what) => what === 'settle')).toHaveLength(3);
});

test('a cable, and a machine that is switched off, are something; packets alone are once in a while', async () => {
  lab.setCable('host-02', false);
  await pass(2500);
  expect((await record()).cables).toContainEqual(['host-02', false]);
  shelf.record = null;
  machines[0].saw([2, 3]);
  await pass(60_000);
  expect(shelf.record).toBeNull();
  await pass(130_000);
  expect((await record()).hops.places.length).toBeGreaterThan(0);
});

test('when a machine cannot be written the moment before holds, it is said, and tried again', async () => {
  machines[0].prints('one\n');
  await pass(2500);
  const before = shelf.record;
  machines[1].trouble = 'the disk is on fire';
  machines[0].prints('two\n');
  await pass(2500);
  expect(shelf.record).toBe(before);
  expect(keeper.state.value).toMatchObject({ unsafe: true, trouble: 'the disk is on fire' });
  machines[1].trouble = '';
  await pass(11_000);
  expect(shelf.record).not.toBe(before);
  expect(keeper.state.value).toMatchObject({ unsafe: false, trouble: '' });
});

test('what cannot be kept is tried again less and less often, since machines stand for it, and is kept once it can be', async () => {
  machines[1].trouble = 'the disk is on fire';
  machines[0].prints('one\n');
  await pass(3_600_000);
  const tries = machines[0].asked.filter((what) => what === 'take').length;
  expect(tries).toBeGreaterThan(10);
  expect(tries).toBeLessThan(20);
  machines[1].trouble = '';
  await pass(300_000);
  expect(keeper.state.value).toMatchObject({ unsafe: false, trouble: '' });
  expect(shelf.record).not.toBeNull();
});

test('where storage is full, what is kept of another lab makes room, or it is said', async () => {
  shelf.full = 1;
  machines[0].prints('one\n');
  await pass(2500);
  expect(shelf.others).toEqual([]);
  expect(keeper.state.value).toMatchObject({ unsafe: false, trouble: '' });
  shelf.full = 1;
  machines[0].prints('two\n');
  await pass(2500);
  expect(keeper.state.value.trouble).toBe('no room');
});

test('after a reset nothing comes back', async () => {
  machines[0].prints('one\n');
  await pass(2500);
  await keeper.forget();
  expect(shelf.record).toBeNull();
  expect(keeper.state.value.at).toBeNull();
});

test('another lab goes on from it: machines stand first; what had happened is told again, as past; then they run', async () => {
  machines[0].saw([2]);
  machines[0].prints('one\n');
  await pass(2500);
  const kept = await record();
  const others = [new KeptMachine('host-01'), new KeptMachine('host-02')];
  const other = new LabOfMachines('two', 'Two', others, [{ name: 'lan', machines: ['host-01', 'host-02'] }]);
  const told: string[] = [];
  other.onHops(({ past, hops }) => told.push(...hops.map(({ n, device }) => `${n} ${device} ${past}`)));
  await other.continueFrom(kept);
  expect(others.map(({ asked }) => asked)).toEqual([['continue {"known":7}'], ['continue {"known":7}']]);
  expect(told).toEqual(['1 eth2 true']);
  expect(other.state.value.kind).toBe('running');
  others[0]?.saw([3]);
  expect(told.at(-1)).toBe('2 eth3 undefined');
  expect(other.time.now()).toBeGreaterThanOrEqual(kept.time);
  await other.dispose();
});

test('one machine that cannot go on: none does, and the lab is off', async () => {
  machines[0].prints('one\n');
  await pass(2500);
  const others = [new KeptMachine('host-01'), new KeptMachine('host-02')] as const;
  others[1].trouble = 'There is no way back for host-02: a page of it is damaged.';
  const other = new LabOfMachines('two', 'Two', others);
  await expect(other.continueFrom(await record())).rejects.toThrow('a page of it is damaged');
  expect(other.state.value.kind).toBe('off');
  await other.dispose();
});

test('a record that is cut off, damaged, of another version or of another build says so', async () => {
  machines[0].prints('one\n');
  await pass(2500);
  const bytes = shelf.record ?? new Uint8Array();
  const why = async (changed: Uint8Array<ArrayBuffer>, snapshots = lab.snapshots) => {
    const read = await readRecord(changed, 'two', snapshots);
    return 'why' in read ? read.why : '';
  };
  expect(await why(bytes.slice(0, -1))).toMatch(/damaged/);
  expect(await why(new Uint8Array())).toMatch(/damaged/);
  const broken = bytes.slice();
  broken[20] = (broken[20] as number) ^ 1;
  expect(await why(broken)).toMatch(/damaged/);
  expect(await why(bytes, 'host-01 def, host-02 abc')).toMatch(/older build/);
  const foreign = await writeRecord({ ...(await record()), ...{ format: 99 } });
  expect(await why(foreign)).toMatch(/another version/);
  expect(await why(bytes)).toBe('');
});
