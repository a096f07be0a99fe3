import { expect, test } from 'vitest';
import { KeptMachine } from '../../tests/support/lab.ts';
import type { KeptMoments } from '../machine/machine.ts';
import { KeptError, type KeptRecord } from './kept-record.ts';
import { LabOfMachines } from './lab-of-machines.ts';

function twoHosts() {
  const machines = [new KeptMachine('host-01'), new KeptMachine('host-02')] as const;
  const lab = new LabOfMachines('two', 'Two', machines, [{ name: 'lan', machines: ['host-01', 'host-02'] }]);
  /** Of each hop, whether nobody got it. */
  const lost: boolean[] = [];
  lab.onHops(({ hops }) => lost.push(...hops.map(({ undelivered }) => undelivered !== undefined)));
  return { machines, lab, lost };
}

async function kept(lab: LabOfMachines): Promise<KeptRecord> {
  const records: KeptRecord[] = [];
  await lab.keep(null, async (record) => void records.push(record));
  const [record] = records;
  if (record === undefined) throw new Error('nothing was kept');
  return record;
}

/** As an engine does it: to be kept it stands, runs on a little until all has arrived, stands again, and says that it has been taken. */
class SlowMachine extends KeptMachine {
  runs = true;
  override readonly kept: KeptMoments = {
    ...new KeptMachine(this.name).kept,
    take: async () => {
      this.runs = false;
      for (let turn = 0; turn < 3; turn++) {
        this.runs = true;
        await new Promise((resolve) => setTimeout(resolve, 2));
        this.runs = false;
      }
      this.asked.push('take');
      return {};
    },
    goOn: () => {
      this.asked.push('go on');
      this.runs = true;
    },
  };
}

test('when one machine cannot be kept, the others are taken to the end before they go on: none stands for ever', async () => {
  const slow = new SlowMachine('host-02');
  const failing = new KeptMachine('host-01');
  failing.kept.take = () => Promise.reject(new Error('host-01 cannot be kept now: it neither runs nor stands.'));
  const lab = new LabOfMachines('two', 'Two', [failing, slow]);
  await lab.start();
  await expect(kept(lab)).rejects.toThrow('host-01 cannot be kept now');
  expect(slow.asked).toEqual(['take', 'go on']);
  expect(slow.runs).toBe(true);
  expect(lab.clock.held).toBe(false);
});

test('when one machine cannot be written, the next moment is not taken before the others have been', async () => {
  const { lab, machines } = twoHosts();
  await lab.start();
  machines[0].trouble = 'the disk is on fire';
  let written = (): void => {};
  machines[1].kept.write = async () => {
    await new Promise<void>((resolve) => {
      written = resolve;
    });
    machines[1].asked.push('write');
    return 1;
  };
  const first = kept(lab);
  await expect.poll(() => machines[0].asked).toContain('write');
  const second = kept(lab).catch(String);
  await new Promise((resolve) => setTimeout(resolve, 10));
  written();
  await expect(first).rejects.toThrow('on fire');
  await expect.poll(() => machines[1].asked.filter((what) => what === 'take')).toHaveLength(2);
  expect(machines[1].asked.slice(0, 4)).toEqual(['take', 'go on', 'write', 'take']);
  written();
  expect(await second).toContain('on fire');
});

test.each([
  ['host-01', 1],
  ['host-02', 0],
] as const)(
  'what was on the wire when the cable of %s was pulled fares the same in the page that goes on',
  async (name, got) => {
    const before = twoHosts();
    await before.lab.start();
    await before.lab.freeze();
    const frame = new Uint8Array(60);
    frame.fill(0xff, 0, 6);
    before.machines[0].sends(frame);
    before.lab.setCable(name, false);
    const record = await kept(before.lab);
    await before.lab.thaw();
    const after = twoHosts();
    await after.lab.continueFrom({ ...record, frozen: false });
    for (const { machines, lost, lab } of [before, after]) {
      await expect.poll(() => lost).toEqual([got === 0]);
      expect(machines[1].received).toHaveLength(got);
      expect(lab.cables.value.get(name)).toBe(false);
      await lab.dispose();
    }
  },
);

test.each([
  ['There is no way back for host-01: a page of it is damaged.', true],
  ['There is no way back for host-01: it is of an older build of the lab.', true],
  ['There is no way back for host-01: it is not there any more.', true],
  ['host-01 has not answered in time.', false],
])('"%s" says that what was kept is gone for good: %s', async (trouble, isGone) => {
  const { lab } = twoHosts();
  await lab.start();
  const record = await kept(lab);
  const next = twoHosts();
  next.machines[0].trouble = trouble;
  const error: unknown = await next.lab.continueFrom(record).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KeptError);
  expect(error).toMatchObject({ message: trouble, isGone });
});
