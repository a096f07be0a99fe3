import { expect, it } from 'vitest';
import type { DropEvidence } from './drop.ts';
import type { Evidence } from './evidence.ts';
import { latestEvidence } from './latest.ts';

const drop = (time: number, machine = 'host-01'): DropEvidence => ({
  ...{ kind: 'drop', machine, time, device: 'eth0', namespace: 1, reason: 'NETFILTER_DROP', location: 'ip_rcv' },
  ...{ protocol: 0x0800, packet: new Uint8Array(), conntrackFull: false },
});

it('says from when to when it has forgotten what each machine dropped, however often it forgets', () => {
  let known: readonly Evidence[] = [];
  for (let time = 1; time <= 1000; time++) {
    known = latestEvidence([...known, drop(time), drop(time, 'host-02')], 10);
    expect(known.length).toBeLessThanOrEqual(10);
  }
  const drops = known.filter(({ kind }) => kind === 'drop').length;
  for (const machine of ['host-01', 'host-02']) {
    const gaps = known.filter((one) => one.kind === 'gap' && one.machine === machine);
    const kept = known.filter((one) => one.kind === 'drop' && one.machine === machine).length;
    expect(gaps).toEqual([{ kind: 'gap', machine, from: 1, until: 1000 - kept, count: 1000 - kept }]);
  }
  expect(drops).toBeGreaterThan(2);
});

it('leaves alone what there is room for', () => {
  const few = [drop(1), drop(2)];
  expect(latestEvidence(few, 2)).toBe(few);
});
