// What changed in a packet on its way through the hooks of a machine, and which rule did it: the packet as it was before a rule and after
// it, in the next chain, or where it was seen to leave.

import { identityOf } from '../hop/identity.ts';
import { portsOf } from '../hop/tuple.ts';
import type { ChainVisit, Form, RuleEvidence } from './evidence/rules.ts';
import type { JourneyHop } from './journey.ts';

export interface RuleChange {
  /** In which chain, an index of `visits`; as many as there are: after the last. */
  readonly visit: number;
  /** Which step there; −1: none of them, but connection tracking, which does with all packets of a connection what a rule did with its first. */
  readonly step: number;
  /** "destination 10.99.0.1:8080 → 172.17.0.2:80", "mark 0 → 0x7" */
  readonly words: string;
}

export type Ends = Pick<Form, 'source' | 'destination' | 'sourcePort' | 'destinationPort'>;

const NAT = /(?:^| )-j (?:DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)(?: |$)/;
const MARK = /(?:^| )-j (?:MARK|CONNMARK)(?: |$)/;

/** @param hops of the journey that it is a way of */
export function ruleChanges(way: RuleEvidence, hops: readonly JourneyHop[]): RuleChange[] {
  const changes: RuleChange[] = [];
  const { visits } = way;
  const left = leaving(way, hops);
  let ends: Ends = way.came;
  let { mark } = way.came;
  const become = (visit: number, step: number, now: Ends | null): void => {
    const words = now === null ? '' : endsWords(ends, now);
    if (words !== '') changes.push({ visit, step, words });
    if (now !== null) ends = now;
  };
  for (const [index, visit] of visits.entries()) {
    const next = visits[index + 1]?.form;
    const nat = visit.table === 'nat' ? lastWith(visit, NAT) : -1;
    if (nat < 0) become(index, -1, visit.form);
    else become(index, nat, next ?? left ?? visit.form);
    const marked = lastWith(visit, MARK);
    const after = next?.mark ?? visit.form.mark;
    if (marked >= 0 && after !== mark)
      changes.push({ visit: index, step: marked, words: `mark ${hex(mark)} → ${hex(after)}` });
    mark = after;
  }
  become(visits.length, -1, left);
  return changes;
}

const hex = (mark: number): string => (mark === 0 ? '0' : `0x${mark.toString(16)}`);

const lastWith = ({ steps }: ChainVisit, pattern: RegExp): number =>
  steps.findLastIndex(({ text }) => pattern.test(text));

/** As the packet left the machine, where its last chain let it go; null: it was not seen to. */
export function leaving({ machine, visits }: RuleEvidence, hops: readonly JourneyHop[]): Ends | null {
  const last = visits.at(-1);
  if (last === undefined || last.form.out === '' || last.steps.at(-1)?.verdict === 'DROP') return null;
  const { out, ttl } = last.form;
  for (const { hop } of hops) {
    if (hop.machine !== machine || hop.device !== out || hop.direction !== 'out') continue;
    const identity = identityOf(hop);
    if (identity.ttl !== ttl || identity.about !== '') continue;
    const { source, destination } = identity;
    const ports = last.form.sourcePort < 0 ? null : portsOf(identity.tuple);
    return { source, destination, sourcePort: ports?.source ?? -1, destinationPort: ports?.destination ?? -1 };
  }
  return null;
}

function endsWords(before: Ends, after: Ends): string {
  const end = (address: string, port: number): string =>
    port < 0 ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const changed = (name: string, from: string, to: string): string[] =>
    from === to ? [] : [`${name} ${from} → ${to}`];
  return [
    ...changed('source', end(before.source, before.sourcePort), end(after.source, after.sourcePort)),
    ...changed(
      'destination',
      end(before.destination, before.destinationPort),
      end(after.destination, after.destinationPort),
    ),
  ].join(', ');
}
