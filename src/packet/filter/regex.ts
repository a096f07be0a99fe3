// Matching regular expressions in time that grows with pattern × subject and no faster, whatever either of them is: all ways
// through the pattern are gone at once (Thompson, Regular Expression Search Algorithm, 1968). JavaScript's own RegExp tries
// one way after the other, and a packet's sender or a filter's writer can make that take for ever.
import { type Assertion, isWordByte, type Node, parseRegex, RegexFault } from './regex-syntax.ts';
import { bytesOf, type Value } from './values.ts';

type Step =
  | { readonly kind: 'set'; readonly set: Uint8Array }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  /** Goes on at either place. */
  | Fork
  | { readonly kind: 'match' };

/** Enough for (…){1000} of something short; a larger pattern would be slow on every packet. */
const MOST_STEPS = 5_000;

/** A compiled pattern. Throws RegexFault where the pattern cannot be read. */
export function compileRegex(pattern: string): (value: Value) => boolean {
  const steps: Step[] = [];
  emit(parseRegex(pattern), steps);
  steps.push({ kind: 'match' });
  const matcher = new Matcher(steps);
  return (value) => matcher.matches(bytesOf(value));
}

function emit(node: Node, steps: Step[]): void {
  if (steps.length > MOST_STEPS)
    throw new RegexFault(0, 1, 'This pattern is too large: its repeats come to thousands of characters.');
  switch (node.kind) {
    case 'set':
    case 'assert':
      steps.push(node);
      return;
    case 'sequence':
      for (const each of node.of) emit(each, steps);
      return;
    case 'choice':
      emitChoice(node.of, steps);
      return;
    case 'repeat':
      emitRepeat(node.of, node.min, node.max, steps);
  }
}

interface Fork {
  readonly kind: 'fork';
  a: number;
  b: number;
}

/** Until it is told otherwise, a fork goes on with the next step. */
function fork(steps: Step[]): Fork {
  const next = steps.length + 1;
  const step: Fork = { kind: 'fork', a: next, b: next };
  steps.push(step);
  return step;
}

function emitChoice(choices: readonly Node[], steps: Step[]): void {
  const ends: Fork[] = [];
  for (const [i, choice] of choices.entries()) {
    if (i === choices.length - 1) {
      emit(choice, steps);
      break;
    }
    const either = fork(steps);
    emit(choice, steps);
    ends.push(fork(steps)); // over the other choices
    either.b = steps.length;
  }
  for (const end of ends) end.a = end.b = steps.length;
}

function emitRepeat(of: Node, min: number, max: number, steps: Step[]): void {
  for (let n = 0; n < min; n++) {
    const before = steps.length;
    emit(of, steps);
    if (steps.length === before) return; // nothing, however often
  }
  if (max === Number.POSITIVE_INFINITY) {
    const loop = steps.length;
    const either = fork(steps);
    emit(of, steps);
    const back = fork(steps);
    back.a = back.b = loop;
    either.b = steps.length;
    return;
  }
  const skips: Fork[] = [];
  for (let n = min; n < max; n++) {
    skips.push(fork(steps));
    emit(of, steps);
  }
  for (const skip of skips) skip.b = steps.length;
}

class Matcher {
  readonly #steps: readonly Step[];
  /** Steps that the next byte is tried on, and those that it leads to. */
  #now: number[] = [];
  #then: number[] = [];
  /** The position at which a step was last reached, so that it is followed once. */
  readonly #reached: Float64Array;
  #stamp = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#reached = new Float64Array(steps.length);
  }

  /** Whether the pattern matches anywhere in the subject. */
  matches(subject: Uint8Array): boolean {
    this.#now = [];
    for (let at = 0; at <= subject.length; at++) {
      // A match may begin anywhere: the first step joins at every position.
      if (at === 0) this.#stamp++;
      if (this.#follow(0, subject, at, this.#now)) return true;
      if (at === subject.length) return false;
      this.#stamp++;
      const byte = subject[at] ?? 0;
      this.#then = [];
      for (const index of this.#now) {
        const step = this.#steps[index];
        if (step?.kind === 'set' && step.set[byte] === 1 && this.#follow(index + 1, subject, at + 1, this.#then))
          return true;
      }
      this.#now = this.#then;
    }
    return false;
  }

  /** Adds every step that can be reached without reading a byte; true when the end of the pattern can. */
  #follow(start: number, subject: Uint8Array, at: number, into: number[]): boolean {
    const stack = [start];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (this.#reached[index] === this.#stamp) continue;
      this.#reached[index] = this.#stamp;
      const step = this.#steps[index];
      if (step === undefined || step.kind === 'match') return true;
      if (step.kind === 'set') into.push(index);
      else if (step.kind === 'fork') {
        stack.push(step.b);
        if (step.a !== step.b) stack.push(step.a);
      } else if (holds(step.assertion, subject, at)) stack.push(index + 1);
    }
    return false;
  }
}

const NEWLINE = 0x0a;

function holds(assertion: Assertion, subject: Uint8Array, at: number): boolean {
  const { length } = subject;
  switch (assertion) {
    case 'start':
      return at === 0;
    case 'end':
      return at === length;
    case 'line start':
      return at === 0 || (subject[at - 1] === NEWLINE && at < length);
    case 'line end':
      return at === length || subject[at] === NEWLINE;
    case 'before last newline':
      return at === length || (at === length - 1 && subject[at] === NEWLINE);
    case 'word edge':
    case 'inside': {
      const before = at > 0 && isWordByte(subject[at - 1] ?? 0);
      const after = at < length && isWordByte(subject[at] ?? 0);
      return (before !== after) === (assertion === 'word edge');
    }
  }
}
