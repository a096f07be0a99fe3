// Journeys against what is true: real traffic with real faults in network namespaces of this computer, marked where the product does not
// see it. Some thousand packets here; `npm run fuzz -- journeys` goes on for as long as it is asked to, from other seeds.
//
//   LOCKSTEP_TRUTH_SEED=17 LOCKSTEP_TRUTH_PACKETS=300 npx vitest run --project truth      one scenario again, as a complaint names it
import { expect, test } from 'vitest';
import { type Complaint, complaintWords, countsWords, noCounts, runScenario } from './run.ts';

const {
  LOCKSTEP_TRUTH_SEED = '',
  LOCKSTEP_TRUTH_PACKETS = '150',
  LOCKSTEP_TRUTH_MINUTES = '',
  LOCKSTEP_TRUTH_LOOKS = '1',
} = process.env;
const EACH = Number(LOCKSTEP_TRUTH_PACKETS);
const LOOKS = Number(LOCKSTEP_TRUTH_LOOKS);
const MINUTES = Number(LOCKSTEP_TRUTH_MINUTES);
/** Scenarios of the short form: every underlay and every overlay is among them. */
const SHORT = 12;
const first = LOCKSTEP_TRUTH_SEED === '' ? 1 : Number(LOCKSTEP_TRUTH_SEED);

test('no journey says what is not true', async () => {
  const counts = noCounts();
  const complaints: Complaint[] = [];
  const until = Date.now() + MINUTES * 60_000;
  const isDone = (seed: number): boolean =>
    MINUTES > 0 ? Date.now() >= until : seed >= first + (LOCKSTEP_TRUTH_SEED === '' ? SHORT : 1);
  for (let seed = first; !isDone(seed); seed++) complaints.push(...(await runScenario(seed, EACH, counts, LOOKS)));
  console.log(countsWords(counts));
  const words = complaintWords(complaints, EACH);
  if (words !== '') throw new Error(words);
  // That nothing is said at all would be no false claim either.
  expect(counts.seen).toBeGreaterThan(counts.packets / 20);
}, 86_400_000);
