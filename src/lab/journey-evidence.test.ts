import { expect, it } from 'vitest';
import { EvidenceReader } from './journey-evidence.ts';
import { PlainMachine } from './test-support.ts';

const entry =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=172.17.0.3 dst=10.0.0.1 sport=40000 dport=80 src=10.0.0.1 dst=10.0.0.11 sport=80 dport=40000 [ASSURED] use=1 id=7';
const rules = (packets: number) => `*filter\n:FORWARD DROP [0:0]\n[${packets}:0] -A FORWARD -i eth0 -j DROP\nCOMMIT`;
const answer = (time: number, packets: number) => [`${time}.5`, entry, rules(packets), '[]'].join('\n\n--lockstep--\n');

/** A machine whose agent gives these answers, one after the other. */
function machineThatSays(...answers: readonly string[]) {
  const machine = new PlainMachine('host-01', { kind: 'running' });
  let asked = 0;
  machine.exec = async () => ({ stdout: answers[asked++] ?? '', stderr: '', exitCode: 0, ms: 1 });
  return { machine, asked: () => asked };
}

it('is what conntrack says, and which counters went up since it was read before', async () => {
  const reader = new EvidenceReader(machineThatSays(answer(100, 3), answer(110, 5), answer(120, 5)).machine);
  expect(await reader.read()).toMatchObject({ conntrack: [{ machine: 'host-01', id: '7' }], evidence: [] });
  expect((await reader.read())?.evidence).toMatchObject([
    { kind: 'counter', machine: 'host-01', from: 100.5, until: 110.5, packets: 2 },
  ]);
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
