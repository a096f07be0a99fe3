// The glossary and the commands page are honest: a term that an episode links to is there, a program that it types is too.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { extractRuns } from '../episode/extract-runs.ts';
import { commandsOf, programsOf } from '../episode/programs-of.ts';
import { termId } from './term-id.ts';

const docs = fileURLToPath(new URL('../../../content/docs/', import.meta.url));
const glossary = readFileSync(`${docs}glossary.mdx`, 'utf8');
const commands = readFileSync(`${docs}commands.mdx`, 'utf8');
const terms = [...glossary.matchAll(/^<Term name="([^"]+)"/gm)].map(([, name = '']) => name);
const programs = [...commands.matchAll(/^<Program name="([^"]+)"/gm)].map(([, name = '']) => name);
const episodes = readdirSync(`${docs}episodes`)
  .filter((file) => file.endsWith('.mdx'))
  .map((file) => ({ file, source: readFileSync(`${docs}episodes/${file}`, 'utf8') }));
const typed = episodes.flatMap(({ source }) => extractRuns(source).map(({ command }) => command));

/** Programs whose second word says what they do, and so stands on the page with them. */
const withSubcommands = new Set(['bridge', 'docker', 'etcdctl', 'ip', 'systemctl']);

test('terms stand in alphabetical order, each once', () => {
  const sorted = [...new Set(terms)].sort((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' }));
  expect(terms).toEqual(sorted);
  expect(new Set(terms.map(termId)).size).toBe(terms.length);
});

describe.each(episodes)('$file', ({ source }) => {
  test('links to terms that the glossary has', () => {
    const linked = [...source.matchAll(/\/glossary\/#([\w-]+)/g)].map(([, id = '']) => id);
    expect(linked.length).toBeGreaterThan(0);
    expect(linked.filter((id) => !terms.some((term) => termId(term) === id))).toEqual([]);
  });

  test('types programs that the commands page has', () => {
    const used = extractRuns(source).flatMap(({ command }) => programsOf(command));
    expect(used.filter((program) => !programs.includes(program))).toEqual([]);
  });
});

test('what a program is told to do is on the page as well', () => {
  const told = typed
    .flatMap(commandsOf)
    .filter(([program = '']) => withSubcommands.has(program))
    .map(([program, ...words]) => `${program} … ${words.find((word) => /^[a-z]+$/.test(word))}`);
  const missing = told.filter((use) => {
    const [program, , word] = use.split(' ');
    return !new RegExp(`\`${program} (?:[^\`]* )?${word}\\b`).test(commands);
  });
  expect([...new Set(missing)]).toEqual([]);
});

test('no program is on the page that no episode speaks of', () => {
  const all = episodes.map(({ source }) => source).join('\n');
  expect(programs.filter((program) => !new RegExp(`\\b${program}\\b`).test(all))).toEqual([]);
});
