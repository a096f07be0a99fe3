// Wireshark's display filters (wireshark-filter(4)), as Wireshark 4.0 answers them packet by packet, with "xor" and "true" of
// later versions. Of what needs other packets there is what somebody saw who watched them (needs.ts); dns.time and its like are not
// among the fields.

import { parse } from './parser.ts';
import type { FilterPacket } from './reader.ts';
import { compileRegex } from './regex.ts';
import { RegexFault } from './regex-syntax.ts';
import type { ValueType } from './registry.ts';
import {
  type Expression,
  type FilterError,
  FilterFault,
  namesIn,
  type Operand,
  type Relation,
  type SearchExpression,
  type Span,
} from './syntax.ts';
import { constantOf, notAField, type Term, termOf } from './terms.ts';
import { describeType, includes, kindOf, NOTHING_FITS, order, type Value } from './values.ts';

export interface Filter {
  readonly text: string;
  /** null: the text was blank, and every packet matches. */
  readonly expression: Expression | null;
  /** The fields and protocols that it names. */
  readonly names: ReadonlySet<string>;
  matches(packet: FilterPacket): boolean;
}

export type CompiledFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly error: FilterError };

/** A longer text is nobody's filter. */
const LONGEST = 10_000;

/** Never throws: a text that is no filter has an error, with its place in the text. */
export function compileFilter(text: string): CompiledFilter {
  try {
    if (text.length > LONGEST)
      throw new FilterFault(
        { at: LONGEST, length: text.length - LONGEST },
        `A filter has at most ${LONGEST} characters.`,
      );
    if (text.trim() === '')
      return { ok: true, filter: { text, expression: null, names: new Set(), matches: () => true } };
    const expression = parse(text);
    const matches = testOf(expression, text);
    return { ok: true, filter: { text, expression, names: namesIn(expression), matches } };
  } catch (error) {
    if (!(error instanceof FilterFault)) throw error;
    return { ok: false, error: { message: error.message, at: error.span.at, length: error.span.length } };
  }
}

/** The filter with its error under it, for a terminal: a line of the text, and a line with a caret. */
export function pointAt(text: string, { at, length }: Span): string {
  const oneLine = text.replace(/\s/g, ' ');
  return `${oneLine}\n${' '.repeat(at)}^${'~'.repeat(Math.max(length - 1, 0))}`;
}

type Test = (packet: FilterPacket) => boolean;

function testOf(expression: Expression, source: string): Test {
  switch (expression.kind) {
    case 'and': {
      const left = testOf(expression.left, source);
      const right = testOf(expression.right, source);
      return (packet) => left(packet) && right(packet);
    }
    case 'or': {
      const left = testOf(expression.left, source);
      const right = testOf(expression.right, source);
      return (packet) => left(packet) || right(packet);
    }
    case 'xor': {
      const left = testOf(expression.left, source);
      const right = testOf(expression.right, source);
      return (packet) => left(packet) !== right(packet);
    }
    case 'not': {
      const of = testOf(expression.of, source);
      return (packet) => !of(packet);
    }
    case 'present':
      return presence(expression.of, source);
    case 'compare':
      return comparison(expression, source);
    case 'contains':
      return containing(expression, source);
    case 'matches':
      return matching(expression, source);
    case 'in':
      return membership(expression, source);
  }
}

function presence(operand: Operand, source: string): Test {
  const term = termOf(operand, source);
  if (term === null) throw new FilterFault(operand, notAField(operand));
  if (operand.kind === 'call') throw new FilterFault(operand, `${term.text} must be compared with something.`);
  if (operand.kind !== 'arithmetic' && operand.kind !== 'negative') return (packet) => term.read(packet).length > 0;
  return (packet) => term.read(packet).some((value) => !isZero(value));
}

const isZero = (value: Value): boolean =>
  value instanceof Uint8Array ? value.every((byte) => byte === 0) : typeof value !== 'string' && Number(value) === 0;

function comparison(
  { relation, quantifier, ...sides }: Extract<Expression, { kind: 'compare' }>,
  source: string,
): Test {
  const left = leftTerm(sides.left, source);
  const right = termOf(sides.right, source);
  const holds = RELATIONS[relation];
  if (right === null) {
    const { value, prefix } = constantOf(sides.right, left);
    const test = (each: Value): boolean => holds(order(each, value, prefix));
    return quantified(quantifier, left.read, test);
  }
  checkComparable(left, right, sides.right);
  return (packet) => {
    const others = right.read(packet);
    const values = left.read(packet);
    if (isAbsent(others) || isAbsent(values)) return false;
    const test = (each: Value): boolean =>
      others[quantifier === 'any' ? 'some' : 'every']((other) => holds(order(each, other)));
    return values[quantifier === 'any' ? 'some' : 'every'](test);
  };
}

const RELATIONS: Readonly<Record<Relation, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function quantified(quantifier: 'any' | 'all', read: Term['read'], test: (value: Value) => boolean): Test {
  if (quantifier === 'any') return (packet) => read(packet).some(test);
  return (packet) => {
    const values = read(packet);
    return !isAbsent(values) && values.every(test);
  };
}

const isAbsent = (values: readonly Value[]): boolean => values.length === 0 && values !== NOTHING_FITS;

function leftTerm(operand: Operand, source: string): Term {
  const term = termOf(operand, source);
  if (term === null) throw new FilterFault(operand, notAField(operand));
  return term;
}

function checkComparable(left: Term, right: Term, at: Span): void {
  if (left.type === 'none')
    throw new FilterFault(at, `${left.text} is a mark: it is there or not. Nothing compares with it.`);
  const sortOf = (type: ValueType): string => (kindOf(type) === 'boolean' ? 'number' : kindOf(type));
  if (sortOf(left.type) === sortOf(right.type)) return;
  throw new FilterFault(
    at,
    `${left.text} is ${describeType(left.type)}, ${right.text} is ${describeType(right.type)}: they cannot be compared.`,
  );
}

/** Contains and matches look into text and bytes, not into numbers and addresses. */
function searchable(operand: Operand, verb: string, source: string): Term {
  const term = leftTerm(operand, source);
  const kind = kindOf(term.type);
  if (kind === 'string' || kind === 'bytes' || kind === 'protocol') return term;
  const advice =
    kind === 'boolean' || kind === 'none' || kind === 'moment' || operand.kind !== 'field'
      ? ''
      : ` Ask its text: string(${term.text}) ${verb} "…".`;
  throw new FilterFault(operand, `${term.text} is ${describeType(term.type)}, and has nothing inside.${advice}`);
}

function containing({ quantifier, ...sides }: SearchExpression, source: string): Test {
  const left = searchable(sides.left, 'contains', source);
  const right = termOf(sides.right, source);
  if (right !== null) {
    checkComparable(left, right, sides.right);
    return (packet) => {
      const needles = right.read(packet);
      const test = (each: Value): boolean =>
        needles[quantifier === 'any' ? 'some' : 'every']((needle) => includes(each, needle));
      return needles.length > 0 && quantified(quantifier, left.search, test)(packet);
    };
  }
  if (left.type === 'ether' && sides.right.kind === 'string')
    throw new FilterFault(sides.right, `${left.text} is a MAC address: write bytes, 02:42.`);
  const { value } = constantOf(sides.right, left.type === 'ether' ? { ...left, type: 'bytes' } : left);
  return quantified(quantifier, left.search, (each) => includes(each, value));
}

function matching({ quantifier, ...sides }: SearchExpression, source: string): Test {
  const left = searchable(sides.left, 'matches', source);
  const { right } = sides;
  if (right.kind !== 'string')
    throw new FilterFault(right, 'After "matches" stands a regular expression between double quotes: "^/api/v[12]".');
  try {
    return quantified(quantifier, left.search, compileRegex(right.value));
  } catch (error) {
    if (!(error instanceof RegexFault)) throw error;
    throw new FilterFault(insideString(right, error.span, source), error.message);
  }
}

/** Where a part of a string's value stands in the filter; the whole string where escapes are in the way. */
function insideString(operand: Extract<Operand, { kind: 'string' }>, part: Span, source: string): Span {
  const quotes = source[operand.at] === '"' ? 1 : 2;
  if (operand.length !== operand.value.length + quotes + 1) return operand;
  return { at: operand.at + quotes + part.at, length: part.length };
}

function membership(
  { left: operand, set, quantifier, negated }: Extract<Expression, { kind: 'in' }>,
  source: string,
): Test {
  const left = leftTerm(operand, source);
  if (operand.kind !== 'field') throw new FilterFault(operand, 'Only a field itself can be looked for in a set.');
  const bounds = (of: Operand): ((packet: FilterPacket) => readonly { value: Value; prefix: number | null }[]) => {
    const term = termOf(of, source);
    if (term === null) {
      const constant = [constantOf(of, left)];
      return () => constant;
    }
    checkComparable(left, term, of);
    return (packet) => term.read(packet).map((value) => ({ value, prefix: null }));
  };
  const items = set.map(({ from, to }) => {
    const low = bounds(from);
    if (to === null) {
      return (each: Value, packet: FilterPacket) =>
        low(packet).some(({ value, prefix }) => order(each, value, prefix) === 0);
    }
    const high = bounds(to);
    return (each: Value, packet: FilterPacket) =>
      low(packet).some(({ value, prefix }) => order(each, value, prefix) >= 0) &&
      high(packet).some(({ value, prefix }) => order(each, value, prefix) <= 0);
  });
  return (packet) => {
    const isIn = quantified(quantifier, left.read, (each) => items.some((item) => item(each, packet)))(packet);
    return isIn !== negated;
  };
}
