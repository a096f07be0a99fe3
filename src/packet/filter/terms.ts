// What stands on the sides of a comparison -> the values that it has in a packet.
import { calculate, canCalculate, negative } from './arithmetic.ts';
import { FUNCTIONS } from './functions.ts';
import { isLiteral, type Like, type Literal, readLiteral } from './literals.ts';
import { cut } from './pieces.ts';
import { type FieldValues, fieldValues } from './reader.ts';
import { fieldInfo, type ValueType } from './registry.ts';
import { nearestField } from './suggest.ts';
import { type Arithmetic, FilterFault, type Operand } from './syntax.ts';
import { bytesOf, describeType, kindOf, NOTHING_FITS, type Value } from './values.ts';

/** Something that has values in a packet: none, one or several, all of one type. */
export type Term = Like & FieldValues;

/** A term, or null for what is the same in every packet: a literal, or a sum of literals. Throws FilterFault. */
export function termOf(operand: Operand, source: string): Term | null {
  const text = source.slice(operand.at, operand.at + operand.length);
  switch (operand.kind) {
    case 'field': {
      const info = fieldInfo(operand.name);
      if (info === null) throw new FilterFault(operand, unknownField(operand.name));
      return { type: info.type, names: info.names, text: operand.name, ...fieldValues(info, operand.layers) };
    }
    case 'slice':
      return sliceOf(operand, text, source);
    case 'call':
      return callOf(operand, text, source);
    case 'negative': {
      const of = termOf(operand.of, source);
      if (of === null) return null;
      if (!isNumeric(of.type))
        throw new FilterFault(operand, `${of.text} is ${describeType(of.type)}: it has no sign.`);
      return termWith(of, text, ({ read }, packet) => fitting(read(packet), (value) => [negative(of.type, value)]));
    }
    case 'arithmetic':
      return sumOf(operand, text, source);
    default:
      return null;
  }
}

/** The value of what is no term, beside one. */
export function constantOf(operand: Operand, like: Like): Literal {
  if (operand.kind !== 'arithmetic') return readLiteral(operand, like);
  const left = constantOf(operand.left, like).value;
  const right = constantOf(operand.right, like).value;
  checkArithmetic(operand, operand.op, like);
  // What has no value is equal to nothing, nor before or after it: as Wireshark has it, no fault of the filter's.
  return { value: calculate(operand.op, like.type, left, right) ?? Number.NaN, prefix: null };
}

/** Why a word cannot stand where a field belongs. */
export function notAField(operand: Operand): string {
  if (operand.kind === 'string' || operand.kind === 'char')
    return 'Text cannot stand here: a test begins with a field.';
  if (operand.kind !== 'word') return 'A test needs a field: this is the same for every packet.';
  if (/^(?:\d|[0-9a-f]{2}:)/i.test(operand.text) && !/^\d+[a-z_]/i.test(operand.text))
    return `"${operand.text}" cannot stand here: the field comes first, as in ip.ttl == 64.`;
  return unknownField(operand.text);
}

function unknownField(name: string): string {
  const guess = nearestField(name);
  return `There is no field "${name}".${guess === null ? '' : ` Did you mean "${guess}"?`}`;
}

const isNumeric = (type: ValueType): boolean => kindOf(type) === 'number' || kindOf(type) === 'time';

/** A term of the same type, made of another's values. */
function termWith(
  { type, names, read, search }: Term,
  text: string,
  values: (of: FieldValues, packet: Parameters<FieldValues['read']>[0]) => readonly Value[],
): Term {
  const made = (packet: Parameters<FieldValues['read']>[0]): readonly Value[] => values({ read, search }, packet);
  return { type, names, text, read: made, search: made };
}

function sliceOf(operand: Extract<Operand, { kind: 'slice' }>, text: string, source: string): Term {
  const of = termOf(operand.of, source);
  if (of === null)
    throw new FilterFault(operand.of, isLiteral(operand.of) ? notAField(operand.of) : 'Only a field can be cut.');
  const kind = kindOf(of.type);
  if (kind === 'number' || kind === 'boolean' || kind === 'time')
    throw new FilterFault(
      operand,
      `${of.text} is ${describeType(of.type)}: only text, addresses and bytes can be cut.`,
    );
  const sliced = termWith(of, text, ({ read }, packet) => {
    const parts = read(packet).map((value) => cut(bytesOf(value), operand.pieces));
    return parts.filter((part) => part !== null);
  });
  return { ...sliced, type: 'bytes', names: null };
}

function callOf(operand: Extract<Operand, { kind: 'call' }>, text: string, source: string): Term {
  const { name, args } = operand;
  const definition = FUNCTIONS[name];
  if (definition === undefined) throw new FilterFault(operand, `There is no function "${name}".`);
  const { min, max } = definition.args;
  if (args.length < min || args.length > max)
    throw new FilterFault(
      operand,
      `${name}() takes ${max === 1 ? 'one field' : `${min} to ${max} fields`}, not ${args.length}.`,
    );
  const terms = args.map((arg) => {
    const term = termOf(arg, source);
    if (term === null) throw new FilterFault(arg, arg.kind === 'word' ? notAField(arg) : `${name}() takes fields.`);
    if (definition.fieldsOnly && arg.kind !== 'field') throw new FilterFault(arg, `${name}() takes a field itself.`);
    return term;
  });
  const types = terms.map(({ type }) => type);
  const mixed = terms.find(({ type }) => kindOf(type) !== kindOf(types[0] ?? type));
  if (mixed !== undefined)
    throw new FilterFault(operand, `${name}() compares its arguments: they must be of one kind.`);
  const refusal = definition.refuses(types, name);
  if (refusal !== null) throw new FilterFault(operand, refusal);
  const [type = 'uint32'] = types;
  const read: FieldValues['read'] = (packet) => {
    const values = terms.flatMap((term) => term.read(packet));
    return values.length === 0 ? [] : definition.apply(values, type);
  };
  return { type: definition.result(types), names: null, text, read, search: read };
}

function sumOf(operand: Extract<Operand, { kind: 'arithmetic' }>, text: string, source: string): Term | null {
  const left = termOf(operand.left, source);
  const right = termOf(operand.right, source);
  const like = left ?? right;
  if (like === null) return null;
  // Wireshark wants the field first, too.
  if (left === null) throw new FilterFault(operand.left, notAField(operand.left));
  checkArithmetic(operand, operand.op, like);
  if (right !== null && kindOf(right.type) !== kindOf(left.type))
    throw new FilterFault(
      operand,
      `${left.text} is ${describeType(left.type)}, ${right.text} is ${describeType(right.type)}.`,
    );
  const constant = right === null ? constantOf(operand.right, like).value : null;
  return termWith(left, text, ({ read }, packet) => {
    const others = constant === null ? (right?.read(packet) ?? []) : [constant];
    if (others.length === 0) return others;
    return fitting(read(packet), (a) => others.map((b) => calculate(operand.op, left.type, a, b)));
  });
}

function checkArithmetic(operand: Operand, op: Arithmetic, { type, text }: Like): void {
  if (!canCalculate(type, op))
    throw new FilterFault(operand, `${text} is ${describeType(type)}: "${op}" is not possible with it.`);
}

/** What sums have made of values; those that do not fit are left out. */
function fitting(values: readonly Value[], make: (value: Value) => readonly (Value | null)[]): readonly Value[] {
  if (values.length === 0) return values;
  const results = values.flatMap(make).filter((value) => value !== null);
  return results.length === 0 ? NOTHING_FITS : results;
}
