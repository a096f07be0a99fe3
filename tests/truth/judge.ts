// Holds journeys against the truth of a run. What is said and wrong is a false claim; what is not said never is one.
import type { Hop } from '../../src/hop/hop.ts';
import type { Journey } from '../../src/journey/journey.ts';
import type { Name, Truth } from './oracle.ts';

export interface FalseClaim {
  readonly kind: 'one packet' | 'delivered' | 'dropped' | 'answer' | 'about' | 'repeat' | 'pieces' | 'order';
  readonly journey: number;
  readonly words: string;
}

/** Seconds that captures tell apart: of what was nearer, they do not show which was first. */
const RESOLUTION = 1e-6 + 1e-9;

export interface Verdict {
  /** Packets of the plan, answers and errors that were seen, as the truth counts them. */
  readonly packets: number;
  /** Journeys of those, by how surely their end is known. */
  readonly seen: number;
  readonly inferred: number;
  readonly unknown: number;
  /** The same of what the script sent with a number of its own. */
  readonly numbered: Readonly<Record<Journey['grade'], number>>;
  /** Packets whose hops are in more journeys than there were copies. */
  readonly apart: number;
  readonly wrong: readonly FalseClaim[];
}

/**
 * @param hasHoles hops are missing that nobody told of: then of equal packets, of which some place saw one, another place the other, nothing
 * shows that they are two, and only what is said of the others counts
 * @param isGuess no topology is known, and taps are missing: which of a flood’s ways leads to another machine is not shown by anything
 */
export function judge(
  journeys: readonly Journey[],
  truth: Truth,
  { hasHoles = false, isGuess = false }: { readonly hasHoles?: boolean; readonly isGuess?: boolean } = {},
): Verdict {
  const wrong: FalseClaim[] = [];
  const grades = { seen: 0, inferred: 0, unknown: 0 };
  const numbered = { seen: 0, inferred: 0, unknown: 0 };
  const byId = new Map(journeys.map((journey) => [journey.id, journey]));
  const byName = new Map<Name, Journey[]>();
  const nameOf = (journey: Journey | undefined): Name | null =>
    journey === undefined ? null : (truth.names.get(journey.hops[0]?.hop.n ?? 0) ?? null);
  const markOf = (name: Name | null): number | null => (name === null ? null : Number.parseInt(name, 10));
  for (const journey of journeys) {
    const say = (kind: FalseClaim['kind'], words: string): void => {
      wrong.push({ kind, journey: journey.id, words });
    };
    const names = new Set(journey.hops.map(({ hop }) => truth.names.get(hop.n) ?? null));
    if (hasHoles && [...names].some((name) => name === null || !truth.isNumbered(name))) continue;
    if (names.size > 1) {
      say('one packet', `its hops are of ${[...names].join(' and ')}`);
      continue;
    }
    for (const { hop, after } of journey.hops) {
      const before = journey.hops[after]?.hop;
      // Equal packets of which hops are missing may also set clocks wrong.
      if (before === undefined || ((hasHoles || isGuess) && before.machine !== hop.machine)) continue;
      const late = (truth.times.get(before.n) ?? 0) - (truth.times.get(hop.n) ?? 0);
      if (late > RESOLUTION)
        say(
          'order',
          `${whereOf(hop)} follows ${whereOf(before)}, which was ${(late * 1e6).toFixed(0)} µs later; it has ${journey.hops.map((one) => whereOf(one.hop)).join(', ')}`,
        );
    }
    const [name = null] = names;
    if (name === null) continue;
    grades[journey.grade]++;
    if (truth.hasOwnNumber(name) && / sent/.test(name)) numbered[journey.grade]++;
    byName.set(name, [...(byName.get(name) ?? []), journey]);
    const mark = markOf(name);
    const { answeredBy, about, repeats, parts } = journey;
    if (answeredBy !== null) {
      const answer = nameOf(byId.get(answeredBy));
      if (answer !== null && answer !== `${mark} answer`) say('answer', `${name} is said to be answered by ${answer}`);
    }
    if (about !== null && markOf(nameOf(byId.get(about))) !== mark)
      say('about', `${name} is said to be about ${nameOf(byId.get(about))}`);
    if (repeats !== null) {
      const other = nameOf(byId.get(repeats.of));
      const isSame = other === name;
      if (repeats.kind === 'duplicate' && !isSame) say('repeat', `${name} is called a duplicate of ${other}`);
      if (repeats.kind === 'duplicate' && isSame && !truth.isDoubled(name))
        say('repeat', `${name} is called a duplicate, and was never doubled`);
      if (repeats.kind === 'retransmission' && isSame) say('repeat', `${name} is called a retransmission of itself`);
    }
    for (const id of [parts?.whole ?? null, ...(parts?.from ?? []), ...(parts?.into ?? [])]) {
      if (id === null || id === journey.id) continue;
      if (markOf(nameOf(byId.get(id))) !== mark)
        say('pieces', `${name} is said to be one with ${nameOf(byId.get(id))}`);
    }
  }
  let apart = 0;
  for (const [name, own] of byName) {
    const delivered = own.filter(({ end }) => end === 'delivered');
    const dropped = own.filter(({ end }) => end === 'dropped');
    const arrivals = truth.arrivals(name);
    // An acknowledgment names bytes; that they were sent again is among what nobody saw.
    const isShown = (one: Journey): boolean => !(hasHoles && one.answeredBy !== null && truth.isTcp(name));
    if (arrivals === 0)
      for (const one of delivered.filter(isShown))
        wrong.push(claim('delivered', one, `${name} never arrived, and is called delivered`));
    if (truth.taken(name) > 0 && (!truth.isDoubled(name) || delivered.length === 0))
      for (const one of dropped) wrong.push(claim('dropped', one, `${name} arrived, and is called dropped`));
    if (own.length > 1 && !truth.isDoubled(name)) apart++;
  }
  return { packets: byName.size, ...grades, numbered, apart, wrong };
}

const whereOf = ({ n, machine, namespace = '', device, direction }: Hop): string =>
  `${n} ${machine}/${namespace}/${device} ${direction}`;

const claim = (kind: FalseClaim['kind'], journey: Journey, words: string): FalseClaim => ({
  kind,
  journey: journey.id,
  words: `${words}: ${journey.grade}, ${journey.why}`,
});
