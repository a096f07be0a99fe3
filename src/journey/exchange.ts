// Questions in the same words, and the answers to them: which answer is whose. Told by the clock of the machine that answers, wherever
// that saw the questions as well: what several clocks show is compared with care, or not at all.
import { firstIndex } from '../basics/first-index.ts';
import { mayBeEqual } from '../hop/content.ts';
import { CLOCK_ERROR } from './clocks.ts';
import type { World } from './copies.ts';
import { mayBeDouble } from './relations.ts';
import { byTime, type Packet, type Store } from './store.ts';
import { WAIT_FOR_NEIGHBOUR } from './waits.ts';

/** Seconds after which an answer is one to something else. */
export const LATEST = 60;
/** Questions in the same words that wait for an answer: of more, nothing says which of them one answers. */
const MOST_OPEN = 256;

/** Seconds, by a machine's clock, before which it had not got a packet; −Infinity: nothing shows when that was. */
export function earliestAt(machine: string, packet: Packet, { clocks }: World): number {
  let earliest = Infinity;
  for (const { hop } of packet.sightings) if (hop.machine === machine) earliest = Math.min(earliest, hop.time);
  if (earliest < Infinity) return earliest;
  if (clocks.group(machine) !== clocks.group(packet.first.hop.machine)) return -Infinity;
  return packet.time - clocks.offset(machine) - CLOCK_ERROR;
}

/** What a machine that answers may have been asked, in its own time. */
class Respondent {
  readonly #asked: readonly { readonly question: Packet; readonly since: number }[];
  readonly #open = new Map<Packet, number>();
  /** Whether it has a tap that sees such questions. */
  readonly hasTap: boolean;
  #next = 0;
  /** Seconds; until then, answers may be to questions that are too many to be told apart. */
  #blind = -Infinity;

  constructor(machine: string, questions: readonly Packet[], world: World) {
    this.hasTap = questions.some((question) => isSeenBy(machine, question));
    this.#asked = questions
      .map((question) => ({ question, since: earliestAt(machine, question, world) }))
      .sort((a, b) => (a.since === b.since ? 0 : a.since - b.since));
  }

  /** The questions that wait for an answer at a moment of its clock; null: too many. */
  openAt(time: number, answered: ReadonlySet<Packet>): readonly Packet[] | null {
    const stop = firstIndex(this.#asked.length, (index) => (this.#asked[index]?.since ?? 0) > time);
    for (; this.#next < stop; this.#next++) {
      const asked = this.#asked[this.#next];
      if (asked !== undefined && !answered.has(asked.question)) this.#open.set(asked.question, asked.since);
    }
    for (const [question, since] of this.#open) {
      if (time - since <= LATEST) break;
      if (since > -Infinity) this.#open.delete(question);
    }
    if (this.#open.size > MOST_OPEN) {
      this.#blind = [...this.#open.values()].includes(-Infinity) ? Infinity : time + LATEST;
      this.#open.clear();
    }
    return time <= this.#blind ? null : [...this.#open.keys()];
  }

  close(question: Packet): void {
    this.#open.delete(question);
  }
}

/**
 * @param isAnswer whether the one may be to the other, as far as addresses show
 * @returns by question, what answers it; nothing of those of which that is not certain
 */
export function pairUp(
  questions: readonly Packet[],
  answers: readonly Packet[],
  store: Store,
  isAnswer: (answer: Packet, question: Packet) => boolean,
): ReadonlyMap<Packet, Packet> {
  const { world } = store;
  const pairs = new Map<Packet, Packet>();
  const answered = new Set<Packet>();
  const respondents = new Map<string, Respondent>();
  for (const answer of [...answers].sort(byTime)) {
    const { hop } = answer.first;
    let respondent = respondents.get(hop.machine);
    if (respondent === undefined) {
      respondent = new Respondent(hop.machine, questions, world);
      respondents.set(hop.machine, respondent);
    }
    const open = respondent.openAt(hop.time, answered);
    // Of a piece of an answer, or of a doubled one, it is not known whose it is; what it answers stays open.
    if (open === null || answer.copy.isTornBefore || answer.copy.isTornAfter || mayBeDouble(answer, store)) continue;
    const possible = open.filter(
      (question) => mayBeEqual(question.identity.content, answer.identity.content) && isAnswer(answer, question),
    );
    // Where that machine had a tap that sees such questions, it had to see this one.
    const rivals = respondent.hasTap ? possible.filter((question) => isSeenBy(hop.machine, question)) : possible;
    const [only] = rivals;
    if (only === undefined) continue;
    if (rivals.length === 1 && !mayMiss(only, answer, questions.length > 1, world)) pairs.set(only, answer);
    // Whichever it answers, none of them can be told from the others any more; one of them is answered.
    for (const rival of rivals) {
      answered.add(rival);
      for (const each of respondents.values()) each.close(rival);
    }
  }
  return pairs;
}

/**
 * Where packets are missing, another question in the same words may be among them, or what shows that the answer is the second one to a
 * question that was doubled: whoever on the way did not see it.
 */
function mayMiss({ copy }: Packet, { time }: Packet, hasOthers: boolean, { missed, clocks }: World): boolean {
  if (copy.missed !== '') return true;
  if (!hasOthers) return false;
  const [here] = copy.sightings;
  return missed.machines.some((machine) => {
    if (here === undefined || clocks.group(machine) !== clocks.group(here.hop.machine)) return true;
    const until = time - clocks.offset(machine) + CLOCK_ERROR;
    return missed.overlaps(machine, until - WAIT_FOR_NEIGHBOUR, until);
  });
}

const isSeenBy = (machine: string, { sightings }: Packet): boolean =>
  sightings.some(({ hop }) => hop.machine === machine);
