// What authors promise by a <Decide>: answers to choose from, one of which is right, and a command whose output is folded.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../../content/docs/episodes/', import.meta.url));
const episodes = readdirSync(folder).filter((file) => file.endsWith('.mdx'));
const count = (text: string, part: RegExp): number => [...text.matchAll(part)].length;

describe.each(episodes)('%s', (file) => {
  const source = readFileSync(`${folder}${file}`, 'utf8');
  const blocks = [...source.matchAll(/^<Decide ask="([^"]+)">\n([\s\S]*?)^<\/Decide>$/gm)];

  test('asks the reader to decide about three times', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
    expect(blocks.length).toBe(count(source, /^<Decide\b/gm));
  });

  test.each(blocks.map(([, ask = '', inside = '']) => ({ ask, inside })))('$ask', ({ inside }) => {
    const answers = [...inside.matchAll(/^<Answer says="[^"]+"( is="right")?>\n[\s\S]+?\n<\/Answer>$/gm)];
    expect(answers.length).toBeGreaterThanOrEqual(2);
    expect(answers.length).toBeLessThanOrEqual(4);
    expect(answers.length).toBe(count(inside, /^<Answer\b/gm));
    expect(answers.filter(([, right]) => right !== undefined)).toHaveLength(1);
    expect(count(inside, /^<Run\b/gm)).toBe(1);
    // Folded, with something to unfold.
    expect(inside).toMatch(/^<Run see="folded" [\s\S]+<\/Run>\n$/m);
  });

  test('folds what should be seen nowhere else', () => {
    expect(count(source, /^<Run see="folded"/gm)).toBe(blocks.length);
  });
});
