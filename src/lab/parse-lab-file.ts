// YAML text -> LabFile, or an error that names file, line, column, what was found there and what was expected.
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { nearest } from '../basics/nearest.ts';
import { type LabFile, labFileSchema } from './lab-file.ts';
import { LabFileError, type LabFileProblem } from './lab-file-error.ts';

type Path = readonly PropertyKey[];

/** What a lab file may name, and only those who can look at folders know. */
export interface Surroundings {
  /** Names of the components that there are. */
  readonly components: readonly string[];
  /** Whether there is such a file beside lab.yaml. */
  readonly hasFile: (name: string) => boolean;
}

/** The node at a path, or the nearest one above it that is there. */
function nodeAt(document: Document, path: Path): Node | null {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node;
  }
  return null;
}

/** The key `key` of the map at a path: where an unknown key stands. */
function keyAt(document: Document, path: Path, key: string): Node | null {
  const map = document.getIn(path, true);
  if (!isMap(map)) return null;
  const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
  return pair && isNode(pair.key) ? pair.key : null;
}

const show = (path: Path): string =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  ) || 'the file';

function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `"${value}"` : String(value);
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a map',
  boolean: 'true or false',
};

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected;
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      if (issue.origin === 'array') return `${bound} in the list`;
      return issue.origin === 'string' ? `${bound} characters` : bound;
    }
    default:
      return issue.message;
  }
}

/** Names of the keys that the schema knows at a path, for "did you mean". */
function knownKeys(path: Path): string[] {
  let schema: unknown = labFileSchema;
  for (const key of [...path, null]) {
    while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) schema = schema.unwrap();
    if (key === null) break;
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) schema = schema.shape[String(key)];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/**
 * @param file the name to show in errors
 * @param around left out: what the file names is taken to be there
 * @throws LabFileError
 */
export function parseLabFile(text: string, file: string, around?: Surroundings): LabFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const problem = (offset: number, message: string): LabFileProblem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  };
  if (document.errors.length > 0) {
    throw new LabFileError(
      file,
      document.errors.map((error) => problem(error.pos[0], `this is not YAML: ${error.message}`)),
    );
  }

  const value = plainValue(document, file);
  const result = labFileSchema.safeParse(value);
  if (result.success) {
    const absent = (around === undefined ? [] : absentees(result.data, around)).map(({ path, message }) =>
      problem(nodeAt(document, path)?.range?.[0] ?? 0, `${show(path)}: ${message}`),
    );
    if (absent.length > 0) throw new LabFileError(file, inOrder(absent));
    return result.data;
  }

  const problems = result.error.issues.flatMap((issue): LabFileProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const known = knownKeys(issue.path);
        const guess = nearest(key, known);
        const hint = guess ? `Did you mean "${guess}"?` : `Known here: ${known.join(', ')}.`;
        return problem(
          keyAt(document, issue.path, key)?.range?.[0] ?? 0,
          `unknown key "${key}" in ${show(issue.path)}. ${hint}`,
        );
      });
    }
    const there = document.hasIn(issue.path);
    const what = there ? `found ${found(valueAt(value, issue.path))}` : 'it is missing';
    return [
      problem(
        nodeAt(document, issue.path)?.range?.[0] ?? 0,
        `${show(issue.path)}: ${what}; expected ${expected(issue)}`,
      ),
    ];
  });
  throw new LabFileError(file, inOrder(problems));
}

const inOrder = (problems: readonly LabFileProblem[]): LabFileProblem[] =>
  [...problems].sort((a, b) => a.line - b.line || a.column - b.column);

interface Absent {
  readonly path: Path;
  readonly message: string;
}

/** What the lab names and is not there. */
function absentees({ machines, provision }: LabFile, { components, hasFile }: Surroundings): Absent[] {
  const fileAt = (path: Path, name: string | undefined): Absent[] =>
    name === undefined || hasFile(name) ? [] : [{ path, message: `there is no file "${name}" beside lab.yaml` }];
  return [
    ...machines.flatMap((machine, m) => [
      ...machine.components.flatMap((name, c) =>
        components.includes(name)
          ? []
          : [{ path: ['machines', m, 'components', c], message: noComponent(name, components) }],
      ),
      ...fileAt(['machines', m, 'start'], machine.start),
      ...fileAt(['machines', m, 'warm', 'run'], machine.warm?.run),
    ]),
    ...provision.flatMap(({ run }, index) => fileAt(['provision', index, 'run'], run)),
  ];
}

function noComponent(name: string, components: readonly string[]): string {
  const guess = nearest(name, components);
  const hint = guess === null ? '' : ` Did you mean "${guess}"?`;
  return `there is no component "${name}".${hint} Folders of sandboxes/components: ${components.join(', ') || 'none'}`;
}

/** A file whose aliases multiply ("billion laughs") ends here, not in memory: the library counts them. */
function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    const message = `its aliases (*name) cannot be followed: ${error instanceof Error ? error.message : String(error)}`;
    throw new LabFileError(file, [{ line: 1, column: 1, message }]);
  }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
