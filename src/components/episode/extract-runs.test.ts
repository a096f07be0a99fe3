import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandKeys } from '../ui/command-keys.ts';
import { extractRuns } from './extract-runs.ts';

test('a command, its claim and its machine', () => {
  const source = ['text', '', '<Run on="host-02" command="ip addr" expect="172\\.17" />'].join('\n');
  expect(extractRuns(source)).toEqual([
    { command: 'ip addr', on: 'host-02', expect: ['172\\.17'], status: 0, terminal: 1, free: false, line: 3 },
  ]);
});

test('single quotes around double ones, a list with brackets and escapes in it, a status', () => {
  const source = `<Run command='echo "a>b"' expect={['x[.]y', 'z\\\\s+', "q"]} status={1}>\nnote\n</Run>`;
  expect(extractRuns(source)).toEqual([
    {
      command: 'echo "a>b"',
      on: 'host-01',
      expect: ['x[.]y', 'z\\s+', 'q'],
      status: 1,
      terminal: 1,
      free: false,
      line: 1,
    },
  ]);
});

test('what cannot be read is an error with its line', () => {
  expect(() => extractRuns('a\n<Run command={make()} />')).toThrow('line 2');
  expect(() => extractRuns('<Run on="host-01" />')).toThrow('needs a command');
});

test('an exercise, into another terminal, in a list', () => {
  const source = `- Watch:\n\n  <Run free command="tcpdump -ni eth0" terminal={2} />\n  <Run command="ls" free>\n  note\n  </Run>`;
  expect(extractRuns(source)).toMatchObject([
    { command: 'tcpdump -ni eth0', terminal: 2, free: true, line: 3 },
    { command: 'ls', terminal: 1, free: true, line: 4 },
  ]);
});

test('an exercise claims nothing, and nothing leans on it', () => {
  expect(() => extractRuns('<Run free command="ls" status={1} />')).toThrow('line 1');
  expect(() => extractRuns('<Run free command="ls" />\n<Run command="ls" />')).toThrow('line 2');
});

test('every command of episode 1 is found, and every claim compiles', () => {
  const source = readFileSync(
    new URL('../../../content/docs/episodes/1-the-super-bridge.mdx', import.meta.url),
    'utf8',
  );
  const runs = extractRuns(source);
  expect(runs.length).toBe(source.split('<Run ').length - 1);
  for (const run of runs) for (const claim of run.expect) expect(() => new RegExp(claim, 'm')).not.toThrow();
});

test('each command of an episode is remembered under a key of its own', () => {
  const folder = new URL('../../../content/docs/episodes/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const keys = commandKeys(extractRuns(readFileSync(new URL(file, folder), 'utf8')));
    expect(new Set(keys).size, file).toBe(keys.length);
  }
});
