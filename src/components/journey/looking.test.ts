import { expect, test } from 'vitest';
import { PlainMachine } from '../../../tests/support/lab.ts';
import { LabOfMachines } from '../../lab/lab-of-machines.ts';
import { TimeControl } from '../../lab/time-control.ts';
import { hopLookedAt, shownHop } from './looking.ts';

test('the picture shows what happens until the reader looks at one packet, which glides when it goes forward', async () => {
  const machine = new PlainMachine('a');
  const lab = new LabOfMachines('l', 'L', [machine]);
  const time = new TimeControl(lab);
  const shown = shownHop(time);
  const seen: (string | null)[] = [];
  const end = shown.subscribe((now) => {
    seen.push(now === null ? null : `${now.hop.device}${now.glides ? ' glides' : ''}`);
  });
  await lab.start();
  machine.saw([1, 2, 3]);
  expect(hopLookedAt(time.state.value)).toBeNull();
  await time.freeze();
  expect(hopLookedAt(time.state.value)?.device).toBe('eth3');
  time.back();
  time.back();
  await time.step();
  // Seen since, and nothing that the picture shows.
  machine.saw([4]);
  await time.goOn();
  expect(seen).toEqual([null, 'eth3', 'eth2', 'eth1', 'eth2 glides', null]);
  end();
  time.dispose();
  await lab.dispose();
});
