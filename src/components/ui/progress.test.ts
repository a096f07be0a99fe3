import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandKeys } from './command-keys.ts';
import { pageName, readProgress } from './progress.ts';

describe('keys of commands', () => {
  const ping = { on: 'host-01', command: 'ping' };

  it('follow from machine and text, not from what stands around', () => {
    const [alone] = commandKeys([ping]);
    expect(commandKeys([{ on: 'host-01', command: 'ip addr' }, ping])[1]).toBe(alone);
    expect(commandKeys([{ on: 'host-02', command: 'ping' }])[0]).not.toBe(alone);
    expect(commandKeys([{ on: 'host-01', command: ' ping\n' }])[0]).toBe(alone);
  });

  it('are other ones for a command that stands there twice, in order', () => {
    const [first, second, third] = commandKeys([ping, ping, ping]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(commandKeys([ping, ping])).toEqual([first, second]);
  });
});

describe('what is remembered', () => {
  it('is read as it was written', () => {
    const written = { done: { 'a-b': ['x', 'y'] }, place: { page: 'a-b', section: 's', title: 'S' } };
    expect(readProgress(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });

  it('is whatever can be understood of what is there', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (stored) => {
        const { done, place } = readProgress(stored);
        for (const keys of Object.values(done)) for (const one of keys) expect(typeof one).toBe('string');
        if (place) expect(Object.values(place).every((one) => typeof one === 'string')).toBe(true);
      }),
    );
    expect(readProgress({ done: { a: ['x', 1, null], b: 'y' }, place: { page: 1 } })).toEqual({ done: { a: ['x'] } });
  });
});

it('a page has one name, wherever the site stands', () => {
  expect(pageName('/course/episodes/1-x/')).toBe('1-x');
  expect(pageName('episodes/1-x')).toBe('1-x');
  expect(pageName('/')).toBe('');
});
