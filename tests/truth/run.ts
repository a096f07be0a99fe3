// A run of the generator: scenarios from seeds, each looked at in several ways, and what was said of them counted.
import { stitch } from '../../src/journey/builder.ts';
import { Dice } from './dice.ts';
import { carryOutInLab, MACHINE_SPACE } from './in-lab.ts';
import { type FalseClaim, judge } from './judge.ts';
import { truthOf } from './oracle.ts';
import { carryOut, type Outcome, scenarioOf } from './scenario.ts';
import { type Given, givenInLab, givenOf, labViewsOf, type View, viewsOf } from './views.ts';

export interface Counts {
  scenarios: number;
  /** Packets, times the ways in which they were looked at. */
  packets: number;
  seen: number;
  inferred: number;
  unknown: number;
  wrong: number;
  /** Of the first way, which is given all that there is: the ends of what was sent with a number of its own. */
  readonly numbered: { seen: number; inferred: number; unknown: number };
}

export const noCounts = (): Counts => ({
  scenarios: 0,
  packets: 0,
  seen: 0,
  inferred: 0,
  unknown: 0,
  wrong: 0,
  numbered: { seen: 0, inferred: 0, unknown: 0 },
});

export interface Complaint extends FalseClaim {
  readonly seed: number;
  readonly network: string;
  /** Which of viewsOf()'s, and what it gives. */
  readonly view: number;
  readonly given: View;
}

/**
 * Carries out one scenario and adds to the counts. Gives what was said and is wrong.
 * @param looks how often it is looked at in each way, each time with other losses, snap lengths, clocks and taps
 */
export async function runScenario(seed: number, packets: number, counts: Counts, looks: number): Promise<Complaint[]> {
  const outcome = await carryOut(scenarioOf(seed, packets));
  const complaints: Complaint[] = [];
  for (let n = 0; n < looks; n++) {
    const dice = new Dice((seed ^ 0x5eed) + n * 0x10001);
    const views = viewsOf(dice, outcome.scenario.network);
    complaints.push(...look(outcome, views, (view) => givenOf(outcome, view, dice), counts));
  }
  counts.scenarios++;
  return complaints;
}

/** The same in a lab's machine, whose kernel says itself what it drops. */
export async function runInLab(lab: string, seed: number, packets: number, counts: Counts): Promise<Complaint[]> {
  const outcome = await carryOutInLab(scenarioOf(seed, packets, MACHINE_SPACE), lab);
  const dice = new Dice(seed ^ 0x5eed);
  counts.scenarios++;
  return look(outcome, labViewsOf(dice), (view) => givenInLab(outcome, view, dice), counts);
}

function look(outcome: Outcome, views: readonly View[], given: (view: View) => Given, counts: Counts): Complaint[] {
  const { seed, words } = outcome.scenario;
  const truth = truthOf(outcome);
  const complaints: Complaint[] = [];
  for (const [index, view] of views.entries()) {
    const { hops, context } = given(view);
    const verdict = judge(stitch(hops, context, { oneTime: view.oneTime }), truth, {
      hasHoles: view.lost > 0,
      isGuess: !view.topology && (view.blind.length > 0 || view.gaps > 0),
    });
    counts.packets += verdict.packets;
    counts.seen += verdict.seen;
    counts.inferred += verdict.inferred;
    counts.unknown += verdict.unknown;
    counts.wrong += verdict.wrong.length;
    for (const grade of ['seen', 'inferred', 'unknown'] as const)
      if (index === 0) counts.numbered[grade] += verdict.numbered[grade];
    for (const wrong of verdict.wrong) complaints.push({ ...wrong, seed, network: words, view: index, given: view });
  }
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

export const countsWords = ({ scenarios, packets, seen, inferred, unknown, wrong, numbered }: Counts): string =>
  [
    `${scenarios} scenarios, ${packets} packets looked at: of their journeys’ ends ${seen} seen, ${inferred} inferred, ${unknown} unknown; ${wrong} false claims`,
    `of those with a number of their own, given all that there is: ${numbered.seen} seen, ${numbered.inferred} inferred, ${numbered.unknown} unknown`,
  ].join('\n');
