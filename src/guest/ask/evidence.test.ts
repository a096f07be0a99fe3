import { expect, it } from 'vitest';
import { PlainMachine } from '../../../tests/support/lab.ts';
import { EvidenceReader } from './evidence.ts';

const rules = (packets: number) => `*filter\n:FORWARD DROP [0:0]\n[${packets}:0] -A FORWARD -i eth0 -j DROP\nCOMMIT`;
const link = (dropped: number) =>
  JSON.stringify([{ ifname: 'eth0', stats64: { rx: { dropped }, tx: { dropped: 0 } } }]);
const answer = (time: number, packets: number, dropped = 0) =>
  [`${time}.5`, rules(packets), link(dropped)].join('\n\n--lockstep--\n');

/** A machine whose agent gives these answers, one after the other. */
function machineThatSays(...answers: readonly string[]) {
  const machine = new PlainMachine('host-01', { kind: 'running' });
  let asked = 0;
  machine.exec = async () => {
    if (machine.state.peek().kind !== 'running') throw new Error('host-01 is frozen');
    return { stdout: answers[asked++] ?? '', stderr: '', exitCode: 0, ms: 1 };
  };
  return { machine, asked: () => asked };
}

it('is what rules and devices counted since they were read before', async () => {
  const reader = new EvidenceReader(machineThatSays(answer(100, 0, 9), answer(110, 2, 9), answer(120, 2, 10)).machine);
  expect(await reader.read()).toEqual({ evidence: [] });
  expect((await reader.read())?.evidence).toMatchObject([
    { kind: 'counter', machine: 'host-01', from: 100.5, until: 110.5, packets: 2, match: { chain: 'FORWARD' } },
  ]);
  expect((await reader.read())?.evidence).toMatchObject([{ from: 110.5, packets: 1, match: { device: 'eth0' } }]);
});

it('is what a rule counted since it was set, when nobody has looked before', async () => {
  const reader = new EvidenceReader(machineThatSays(answer(100, 3), answer(110, 3)).machine);
  expect((await reader.read())?.evidence).toMatchObject([{ from: 0, until: 100.5, packets: 3 }]);
  expect((await reader.read())?.evidence).toEqual([]);
});

it('asks once for all who ask at the same time, and not at all while the machine is frozen', async () => {
  const { machine, asked } = machineThatSays(answer(100, 0), 'nonsense');
  const reader = new EvidenceReader(machine);
  await Promise.all([reader.read(), reader.read()]);
  expect(asked()).toBe(1);
  await machine.freeze();
  expect(await reader.read()).toBeNull();
  expect(asked()).toBe(1);
  await machine.thaw();
  expect(await reader.read()).toBeNull();
});

it('is nothing that a machine said in the life before, though the answer comes in this one', async () => {
  const { machine } = machineThatSays(answer(100, 3), answer(110, 2));
  const reader = new EvidenceReader(machine);
  const { promise, resolve } = Promise.withResolvers<void>();
  const { exec } = machine;
  machine.exec = async () => {
    const said = await exec();
    await promise;
    return said;
  };
  const before = reader.read();
  reader.forget(105);
  const after = reader.read();
  resolve();
  expect(await before).toBeNull();
  // What its rules count since then is of packets since then.
  expect((await after)?.evidence).toMatchObject([{ from: 105, until: 110.5, packets: 2 }]);
});
