import { expect, it } from 'vitest';
import { inverse, tupleKey } from '../hop/tuple.ts';
import { type ConntrackEntry, NatTable } from '../journey/evidence/conntrack.ts';
import type { EvidenceBatch } from './guest.ts';
import { GuestLink } from './guest-link.ts';

/** A guest that came out of a saved state and runs; the lab's time is what `at` says. */
function aGuest() {
  const sent: string[] = [];
  const batches: EvidenceBatch[] = [];
  const at = { now: 1000 };
  const guest = new GuestLink({
    name: 'host-01',
    ports: { agent: (line) => sent.push(line), write: () => {}, resize: () => {} },
    time: { now: () => at.now, before: () => at.now },
  });
  guest.onEvidence((batch) => batches.push(batch));
  guest.begin({ consoles: [], tapHeader: new Uint8Array() });
  guest.runs();
  return { guest, sent, batches, at };
}
const connection =
  'C[1000.1] [NEW] ipv4 2 icmp 1 30 src=10.0.0.1 dst=10.9.9.9 type=8 code=0 id=9 src=10.9.9.9 dst=10.0.0.2 type=0 code=0 id=9 id=77';

it('is asked for what it tells of packets when it goes on from a saved state, which it has done all the time', () => {
  const { guest, sent, batches, at } = aGuest();
  expect(sent).toEqual(['time 1000.000', 'evidence status', 'evidence sockets 0', 'evidence rules', 'report']);
  at.now = 1005;
  guest.agentLine('evidence 50.0 1005.0 Won 0 50.0');
  expect(batches.flatMap(({ evidence }) => evidence)).toMatchObject([{ kind: 'watch', from: 1000, until: 1005 }]);
});

it('tells of sockets while somebody asks, after a reboot too', () => {
  const { guest, sent } = aGuest();
  sent.length = 0;
  guest.watchSockets(true);
  guest.watchSockets(true);
  expect(sent).toEqual(['evidence sockets 1']);
  guest.powerLost();
  guest.runs();
  guest.agentLine('hello 1');
  expect(sent).toContain('evidence sockets 1');
  expect(sent).not.toContain('evidence sockets 0');
});

it('traces rules while somebody asks, after a reboot and back at an earlier moment too, and says whether it does', () => {
  const { guest, sent } = aGuest();
  const moment = guest.moment();
  sent.length = 0;
  guest.traceRules(null);
  expect(sent).toEqual([]);
  guest.traceRules(['meta l4proto icmp', 'udp dport 53']);
  expect(sent).toEqual(['evidence rules meta l4proto icmp | udp dport 53']);
  expect(guest.tracing.value).toEqual({ kind: 'off' });
  guest.agentLine('evidence 50.0 1005.0 Mon meta l4proto icmp | udp dport 53');
  expect(guest.tracing.value).toEqual({ kind: 'on', matches: 'meta l4proto icmp | udp dport 53' });
  guest.traceRules(['udp dport 53']);
  guest.agentLine('evidence 50.5 1005.5 Mon meta l4proto icmp | udp dport 53');
  expect(guest.tracing.value).toEqual({ kind: 'off' });
  guest.agentLine('evidence 50.6 1005.6 Mon udp dport 53');
  expect(guest.tracing.value).toEqual({ kind: 'on', matches: 'udp dport 53' });
  // Somebody has ended what tells of them; it begins anew with the next question.
  guest.agentLine('evidence 50.8 1005.8 S');
  expect(guest.tracing.value).toEqual({ kind: 'failed', why: 'the program that told of them was ended' });
  guest.traceRules(['meta l4proto icmp', 'udp dport 53']);
  guest.agentLine('evidence 51.0 1006.0 Mfailed xtables-monitor has \u202eended');
  expect(guest.tracing.value).toEqual({ kind: 'failed', why: 'xtables-monitor has \\u202eended' });

  const asked = (again: () => void): string[] => {
    sent.length = 0;
    again();
    return sent.filter((line) => line.startsWith('evidence rules'));
  };
  const reboot = (): void => {
    guest.powerLost();
    guest.runs();
    guest.agentLine('hello 1');
  };
  const back = (): void => {
    guest.restored(moment);
    guest.thawed();
  };
  expect(asked(reboot)).toEqual(['evidence rules meta l4proto icmp | udp dport 53']);
  expect(guest.tracing.value).toEqual({ kind: 'off' });
  expect(asked(back)).toEqual(['evidence rules meta l4proto icmp | udp dport 53']);
  // The state that it goes back to may be one in which it traced.
  guest.traceRules(null);
  expect(asked(back)).toEqual(['evidence rules']);
});

it('has the connections of the moment that it is back at, whatever became of them since', () => {
  const { guest, batches, at } = aGuest();
  const [ended, stays] = [connection, connection.replaceAll('id=9', 'id=8').replace('id=77', 'id=78')];
  guest.agentLine(`evidence 50.0 1000.2 ${ended}\x1f${stays.slice(1)}`);
  const moment = guest.moment();
  guest.agentLine(`evidence 51.0 1001.2 ${ended.replace('[1000.1] [NEW]', '[1001.1] [DESTROY]')}`);
  batches.length = 0;
  at.now = 1007;
  guest.restored(moment);
  expect(batches.flatMap(({ conntrack }) => conntrack)).toMatchObject([{ id: '77', from: 1007 }]);
  const table = new NatTable();
  const all = [...guest.moment().connections];
  expect(all.map(({ id, from }) => [id, from])).toEqual([
    ['77', 1007],
    ['78', 1000.1],
  ]);
  // Both lives are known of the one, and its end is that of the second one.
  const [entry] = all as [ConntrackEntry];
  for (const one of [
    { ...entry, from: 1000.1 },
    { ...entry, from: 1000.1, until: 1001.1 },
    entry,
    { ...entry, until: 1020 },
  ])
    table.add(one);
  const from = tupleKey(entry.original);
  const to = tupleKey(inverse(entry.reply));
  expect([1000.5, 1004, 1010, 1030].map((time) => table.entry('host-01', from, to, time)?.until)).toEqual([
    ...[1001.1, undefined, 1020, undefined],
  ]);
});

it('has none of the connections of a life that is over', () => {
  const { guest, batches, at } = aGuest();
  const moment = guest.moment();
  guest.agentLine(`evidence 50.0 1000.2 ${connection}`);
  at.now = 1007;
  guest.restored(moment);
  const ends = () => batches.flatMap(({ conntrack }) => conntrack.map(({ id, until }) => [id, until]));
  expect(ends()).toEqual([
    ['77', undefined],
    ['77', 1007],
  ]);
  // The next life has its own clocks: what is said there is not measured by those of this one.
  guest.thawed();
  at.now = 1008;
  batches.length = 0;
  guest.agentLine('evidence 20.0 1008.0 Won 0 20.0');
  expect(batches.flatMap(({ evidence }) => evidence)).toMatchObject([{ kind: 'watch', from: 1007, until: 1008 }]);
  batches.length = 0;
  guest.powerLost();
  guest.dispose();
  expect(ends()).toEqual([]);
});

it('is flushed when both tap and kernel have told all', async () => {
  const { guest, sent } = aGuest();
  guest.agentLine('evidence 50.0 1000.0 Won 0 50.0');
  let done = false;
  const flushed = guest.flushTap().then(() => {
    done = true;
  });
  const token = sent.at(-1)?.replace('flush ', '') ?? '';
  expect(token).toMatch(/^lockstep-flush-/);
  // The tap is silent: it is waited for until it has been so for a while.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(done).toBe(false);
  guest.agentLine(`evidence 51.0 1001.0 F${token}`);
  guest.stopped('It was switched off.');
  await flushed;
});
