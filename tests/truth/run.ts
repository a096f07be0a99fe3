// A run of the generator: scenarios from seeds, each looked at in several ways, and what was said of them counted.
import { stitch } from '../../src/journey/builder.ts';
import { Dice } from './dice.ts';
import { type FalseClaim, judge } from './judge.ts';
import { truthOf } from './oracle.ts';
import { carryOut, scenarioOf } from './scenario.ts';
import { givenOf, type View, viewsOf } from './views.ts';

export interface Counts {
  scenarios: number;
  /** Packets, times the ways in which they were looked at. */
  packets: number;
  seen: number;
  inferred: number;
  unknown: number;
  wrong: number;
}

export const noCounts = (): Counts => ({ scenarios: 0, packets: 0, seen: 0, inferred: 0, unknown: 0, wrong: 0 });

export interface Complaint extends FalseClaim {
  readonly seed: number;
  readonly network: string;
  /** Which of viewsOf()'s, and what it gives. */
  readonly view: number;
  readonly given: View;
}

/** Carries out one scenario and adds to the counts. Gives what was said and is wrong. */
export async function runScenario(seed: number, packets: number, counts: Counts): Promise<Complaint[]> {
  const scenario = scenarioOf(seed, packets);
  const outcome = await carryOut(scenario);
  const truth = truthOf(outcome);
  const dice = new Dice(seed ^ 0x5eed);
  const complaints: Complaint[] = [];
  for (const [index, view] of viewsOf(dice, scenario.network).entries()) {
    const { hops, context } = givenOf(outcome, view, dice);
    const verdict = judge(stitch(hops, context, { oneTime: view.oneTime }), truth, {
      hasHoles: view.lost > 0,
      isGuess: !view.topology && view.blind.length > 0,
    });
    counts.packets += verdict.packets;
    counts.seen += verdict.seen;
    counts.inferred += verdict.inferred;
    counts.unknown += verdict.unknown;
    counts.wrong += verdict.wrong.length;
    for (const wrong of verdict.wrong)
      complaints.push({ ...wrong, seed, network: scenario.words, view: index, given: view });
  }
  counts.scenarios++;
  return complaints;
}

/** The first few of each kind, as a person reads them, with what it takes to see them again. */
export function complaintWords(complaints: readonly Complaint[], packets: number): string {
  const lines: string[] = [];
  const told = new Map<string, number>();
  for (const { kind, journey, words, seed, network, view, given } of complaints) {
    const count = (told.get(`${seed} ${kind}`) ?? 0) + 1;
    told.set(`${seed} ${kind}`, count);
    if (count > 2) continue;
    lines.push(
      `${kind}: journey ${journey}: ${words}`,
      `    LOCKSTEP_TRUTH_SEED=${seed} LOCKSTEP_TRUTH_PACKETS=${packets}, view ${view} ${JSON.stringify({ ...given, blind: given.blind.join(' ') })}`,
      `    ${network}`,
    );
  }
  return lines.join('\n');
}

export const countsWords = ({ scenarios, packets, seen, inferred, unknown, wrong }: Counts): string =>
  `${scenarios} scenarios, ${packets} packets looked at: of their journeys’ ends ${seen} seen, ${inferred} inferred, ${unknown} unknown; ${wrong} false claims`;
