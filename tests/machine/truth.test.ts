// Journeys against what is true, in a real machine: the scripts of tests/truth, carried out in a lab, with all that its kernel says of drops,
// sockets and connections. `npm run fuzz -- journeys --lab super-bridge` goes on for as long as it is asked to, from other seeds.
//
//   LOCKSTEP_TRUTH_SEED=17 npx vitest run --project calm tests/machine/truth.test.ts      one script again, as a complaint names it
import { expect, test } from 'vitest';
import { type Complaint, complaintWords, countsWords, noCounts, runInLab } from '../truth/run.ts';

const {
  LOCKSTEP_TRUTH_SEED = '',
  LOCKSTEP_TRUTH_PACKETS = '150',
  LOCKSTEP_TRUTH_MINUTES = '',
  LOCKSTEP_TRUTH_LAB = 'super-bridge',
} = process.env;
const EACH = Number(LOCKSTEP_TRUTH_PACKETS);
const MINUTES = Number(LOCKSTEP_TRUTH_MINUTES);
/** Scripts of the short form. */
const SHORT = 3;
const first = LOCKSTEP_TRUTH_SEED === '' ? 1 : Number(LOCKSTEP_TRUTH_SEED);

test('no journey of a lab says what is not true, and nearly all of what can be told apart is told', async () => {
  const counts = noCounts();
  const complaints: Complaint[] = [];
  const until = Date.now() + MINUTES * 60_000;
  const isDone = (seed: number): boolean =>
    MINUTES > 0 ? Date.now() >= until : seed >= first + (LOCKSTEP_TRUTH_SEED === '' ? SHORT : 1);
  for (let seed = first; !isDone(seed); seed++)
    complaints.push(...(await runInLab(LOCKSTEP_TRUTH_LAB, seed, EACH, counts)));
  console.log(countsWords(counts));
  const words = complaintWords(complaints, EACH);
  if (words !== '') throw new Error(words);
  const { seen, inferred, unknown } = counts.numbered;
  expect(seen / (seen + inferred + unknown)).toBeGreaterThan(0.8);
}, 86_400_000);
