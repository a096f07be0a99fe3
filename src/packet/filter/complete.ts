// What could be typed next, for a filter bar.
import { FUNCTIONS } from './functions.ts';
import { KEYWORDS } from './parser.ts';
import { allFields, type FieldInfo, fieldInfo } from './registry.ts';
import { kindOf } from './values.ts';

export interface Completion {
  /** What takes the place of `length` characters at `at`. */
  readonly insert: string;
  readonly at: number;
  readonly length: number;
  /** One sentence for the person who chooses. */
  readonly about: string;
}

/** More than fit a list that opens under a line of text. */
const MOST = 50;

const RELATIONS: readonly (readonly [insert: string, about: string])[] = [
  ['==', 'equal to'],
  ['!=', 'different, and no value of the field is equal'],
  ['>', 'greater than'],
  ['<', 'less than'],
  ['>=', 'greater or equal'],
  ['<=', 'less or equal'],
  ['in', 'one of a set: {1, 2, 5..9}'],
];
const SEARCHES: readonly (readonly [insert: string, about: string])[] = [
  ['contains', 'has these characters or bytes somewhere'],
  ['matches', 'fits a regular expression'],
];
const JOINTS: readonly (readonly [insert: string, about: string])[] = [
  ['and', 'both must be true'],
  ['or', 'one must be true'],
];

/** Completions for the word at the caret (0 to text.length), the likeliest first. Empty inside quotes. */
export function complete(text: string, caret: number): Completion[] {
  const before = text.slice(0, caret);
  if ((before.match(/"/g)?.length ?? 0) % 2 === 1) return [];
  const word = /[\w.]*$/.exec(before)?.[0] ?? '';
  const rest = /^[\w.]*/.exec(text.slice(caret))?.[0] ?? '';
  const place = { at: caret - word.length, length: word.length + rest.length };
  const found = candidates(before.slice(0, before.length - word.length), word);
  return found.slice(0, MOST).map(([insert, about]) => ({ insert, about, ...place }));
}

type Candidate = readonly [insert: string, about: string];

function candidates(before: string, word: string): Candidate[] {
  const [, field = '', operator = ''] = /([\w.]+)\s*([^\s\w.]+|[a-z_]+)?\s*$/.exec(before) ?? [];
  const left = fieldInfo(field);
  if (left !== null && isRelation(operator)) return startingWith(valuesOf(left), word);
  // "ip.ttl " : the field is there; "ip.ttl" itself is still being typed.
  if (left !== null && operator === '' && /\s$/.test(before))
    return startingWith([...operatorsFor(left), ...JOINTS], word);
  const literal = /(?:==|!=|[<>]=?|\b(?:eq|ne|lt|le|gt|ge|contains|matches))\s*\S+\s+$/.test(before);
  if (literal || /[)\]}"']\s+$/.test(before)) return startingWith(JOINTS, word);
  return fieldsLike(word);
}

const isRelation = (operator: string): boolean =>
  /^(?:[=!<>~]=?=?|eq|ne|lt|le|gt|ge|any_eq|all_ne|all_eq|any_ne)$/.test(operator);

function operatorsFor({ type }: FieldInfo): Candidate[] {
  const kind = kindOf(type);
  const isSearchable = kind === 'string' || kind === 'bytes' || kind === 'protocol';
  if (kind === 'protocol') return [...SEARCHES];
  return isSearchable ? [...RELATIONS, ...SEARCHES] : [...RELATIONS];
}

function valuesOf({ names, type }: FieldInfo): Candidate[] {
  if (type === 'boolean')
    return [
      ...([
        ['1', 'set'],
        ['0', 'not set'],
      ] as const),
    ];
  return Object.entries(names ?? {}).map(([value, name]) => [value, name] as const);
}

const startingWith = (all: readonly Candidate[], word: string): Candidate[] => {
  const wanted = word.toLowerCase();
  return all.filter(([insert, about]) => insert.startsWith(wanted) || about.toLowerCase().startsWith(wanted));
};

/** Names that begin with the word, the short ones first, then those that have it inside; then functions and "not". */
function fieldsLike(word: string): Candidate[] {
  const wanted = word.toLowerCase();
  const rank = (name: string): number => (name.startsWith(wanted) ? name.split('.').length : 10);
  const fields = allFields()
    .filter(({ name }) => name.includes(wanted))
    .sort((a, b) => rank(a.name) - rank(b.name))
    .map(({ name, about }) => [name, about] as const);
  if (wanted === '') return fields;
  const functions = Object.entries(FUNCTIONS)
    .filter(([name]) => name.startsWith(wanted))
    .map(([name, { about }]) => [`${name}(`, about] as const);
  const not: Candidate[] = KEYWORDS.includes('not') && 'not'.startsWith(wanted) ? [['not', 'must not be true']] : [];
  return [...fields, ...functions, ...not];
}
