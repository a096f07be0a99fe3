// A packet's way through the rules of a machine as people read it: the hooks that it passed, and a line for each rule.

import { type Hook, hookOf, type RuleEvidence, type RuleStep } from './evidence/rules.ts';
import type { JourneyHop } from './journey.ts';
import { leaving, ruleChanges } from './rule-changes.ts';

export type Passing = 'passed' | 'ended';

export interface RuleLine {
  /** "nat"; "" where it was no rule that changed the packet. */
  readonly table: string;
  readonly chain: string;
  /** A rule as iptables says it, or in words what it was. */
  readonly text: string;
  /** "ACCEPT", "JUMP DOCKER", "RETURN" */
  readonly verdict: string;
  /** "destination 10.99.0.1:8080 → 172.17.0.2:80"; "": nothing. */
  readonly change: string;
  /** The packet was dropped here. */
  readonly isEnd: boolean;
}

/** Hooks that it went through, as far as that was told or seen; the others it may have passed where no chain is. */
export function hooksPassed(way: RuleEvidence, hops: readonly JourneyHop[]): ReadonlyMap<Hook, Passing> {
  const passed = new Map<Hook, Passing>();
  const cameIn = way.came.in !== '';
  if (way.isWhole) passed.set(cameIn ? 'PREROUTING' : 'OUTPUT', 'passed');
  for (const visit of way.visits) {
    const hook = hookOf(visit);
    if (hook !== null) passed.set(hook, visit.steps.at(-1)?.verdict === 'DROP' ? 'ended' : 'passed');
  }
  if (leaving(way, hops) !== null) {
    if (cameIn) passed.set('FORWARD', 'passed');
    passed.set('POSTROUTING', 'passed');
  }
  return passed;
}

/**
 * A bridge hands it on between two of its ports, and shows it to iptables on the way (net.bridge.bridge-nf-call-iptables): as coming in and
 * leaving through the bridge. What is routed out again where it came in has a TTL that is one less by then.
 */
export function isBridged({ came, visits }: RuleEvidence): boolean {
  const forward = visits.find((visit) => hookOf(visit) === 'FORWARD')?.form;
  const before = visits.findLast((visit) => hookOf(visit) === 'PREROUTING')?.form ?? came;
  return forward !== undefined && forward.in !== '' && forward.in === forward.out && forward.ttl === before.ttl;
}

/** Rules, ends of chains and policies, in order. */
export function ruleLines(way: RuleEvidence, hops: readonly JourneyHop[]): RuleLine[] {
  const changes = ruleChanges(way, hops);
  const lines: RuleLine[] = [];
  const byTracking = (at: number): void => {
    for (const { visit, step, words } of changes)
      if (visit === at && step < 0) {
        // A rule of nft's own may have done it as well: what it says, nobody told.
        const isUnclear = way.visits.slice(Math.max(0, at - 1), at + 1).some(({ steps }) => steps.some(isWordless));
        const text = isUnclear ? 'a rule of nft’s own, or connection tracking' : TRACKED;
        lines.push({ table: '', chain: '', text, verdict: '', change: words, isEnd: false });
      }
  };
  for (const [index, visit] of way.visits.entries()) {
    byTracking(index);
    for (const [at, step] of visit.steps.entries()) {
      // Where the chain of a hook ends, its policy comes next.
      if (step.kind === 'return' && step.chain === visit.chain) continue;
      const own = changes.filter((change) => change.visit === index && change.step === at);
      lines.push({
        table: visit.table,
        chain: step.chain,
        text: textOf(step),
        verdict: step.kind === 'return' ? 'RETURN' : step.verdict,
        change: own.map(({ words }) => words).join(', '),
        isEnd: step.verdict === 'DROP',
      });
    }
  }
  byTracking(way.visits.length);
  return lines;
}

const TRACKED = 'connection tracking, as decided with the first packet of the connection';

const isWordless = ({ kind, text }: RuleStep): boolean => kind === 'rule' && text === '';

function textOf({ kind, handle, text }: RuleStep): string {
  if (kind === 'return') return 'end of the chain';
  if (kind === 'policy') return 'no rule decided: policy';
  return text === '' ? `rule ${handle} of nft’s own (nft -a list ruleset)` : text;
}
