import { expect, it } from 'vitest';
import { PlainMachine } from '../../tests/support/lab.ts';
import { canNothing } from '../machine/abilities.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import { RuleTracing } from './rule-tracing.ts';
import { TimeControl } from './time-control.ts';

const ping = { matches: ['meta l4proto 1'], words: 'ICMP between a and b, both ways' };

it('is asked of every machine that can, says which tell and why others do not, and ends', () => {
  const [one, two, bare] = ['host-01', 'host-02', 'echo-01'].map((name) => new PlainMachine(name)) as [
    PlainMachine,
    PlainMachine,
    PlainMachine,
  ];
  Object.assign(bare, { can: canNothing });
  const tracing = new RuleTracing({ machines: [one, two, bare] });
  expect(tracing.whyNot).toBe('');
  expect(tracing.state.value).toEqual({ words: null, machines: [], troubles: [] });
  tracing.trace(ping);
  expect([one.traced, two.traced, bare.traced]).toEqual([[ping.matches], [ping.matches], []]);
  one.tracing.value = { kind: 'on', matches: 'meta l4proto 1' };
  two.tracing.value = { kind: 'failed', why: 'xtables-monitor has ended' };
  expect(tracing.state.value).toEqual({
    words: ping.words,
    machines: ['host-01'],
    troubles: [
      'echo-01 cannot trace the rules of its firewall: nothing in it tells of them.',
      'host-02 does not trace: xtables-monitor has ended. Stop, and trace again.',
    ],
  });
  tracing.stop();
  tracing.stop();
  expect(one.traced).toEqual([ping.matches, null]);
  expect(tracing.state.value.words).toBeNull();
  expect(new RuleTracing({ machines: [bare] }).whyNot).toContain('echo-01 cannot trace');
});

it('ends with the run of the lab that it was asked in, and with who looks at it', async () => {
  const machine = new PlainMachine('host-01');
  const lab = new LabOfMachines('one', 'One', [machine]);
  const time = new TimeControl(lab);
  await lab.start();
  time.tracing.trace(ping);
  await lab.reset();
  expect(time.tracing.state.value.words).toBeNull();
  time.tracing.trace(ping);
  time.dispose();
  expect(machine.traced).toEqual([ping.matches, null, ping.matches, null]);
});
