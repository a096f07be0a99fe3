import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  boolean,
  type Check,
  list,
  name,
  natural,
  number,
  object,
  oneOf,
  optional,
  readJson,
  string,
} from './json-checks.ts';
import { visible } from './visible.ts';

const wire = (value: unknown, path: string) => {
  const from = object(value, path, ['id', 'mtu', 'kind']);
  return {
    id: string(from.id, `${path}.id`, 8),
    ...optional(from, 'mtu', path, natural),
    ...optional(from, 'kind', path, (kind, at) => oneOf(kind, at, ['lan', 'wan'])),
  };
};
const wires = (text: string) => readJson('wires', text, 200, (value) => list(value, '', 3, wire));

it('gives back what it knows, with its types', () => {
  expect(wires('[{"id":"lan","mtu":1500,"kind":"lan"},{"id":"x"}]')).toEqual({
    ok: true,
    value: [{ id: 'lan', mtu: 1500, kind: 'lan' }, { id: 'x' }],
  });
});

it.each([
  ['{', 'wires: not JSON ('],
  ['{}', 'wires: top level: expected a list, got {}'],
  ['[1,2,3,4]', 'wires: top level: expected at most 3 items, got 4'],
  ['[{"id":7}]', 'wires: [0].id: expected a string, got 7'],
  ['[{"id":"much too long"}]', 'wires: [0].id: expected at most 8 characters, got 13'],
  ['[{"id":"a"},{}]', 'wires: [1].id: expected a string, got nothing'],
  ['[{"id":"a","color":1}]', 'wires: [0]: expected only id, mtu, kind, got {"color":"unknown key"}'],
  ['[{"id":"a","mtu":-1}]', 'wires: [0].mtu: expected an integer from 0, got -1'],
  ['[{"id":"a","mtu":1.5}]', 'wires: [0].mtu: expected an integer from 0, got 1.5'],
  ['[{"id":"a","kind":"man"}]', 'wires: [0].kind: expected lan or wan, got "man"'],
  [`"${'x'.repeat(200)}"`, 'wires: 202 characters, more than the 200 that are read'],
])('of %s it says %s', (text, error) => {
  expect(wires(text)).toEqual({ ok: false, error: expect.stringContaining(error) });
});

it('its errors are short, and harmless to print, whatever was in the text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ unit: 'binary' })), (text) => {
      const checks: Check<unknown>[] = [name, natural, boolean, wire];
      for (const check of [...checks, (value: unknown, at: string) => number(value, at, 0, 1)]) {
        const read = readJson('text', text, 10_000, check);
        if (read.ok) continue;
        expect(read.error.length).toBeLessThan(2000);
        expect(read.error).toBe(visible(read.error));
      }
    }),
  );
});

it('does not take what every object inherits for a field', () => {
  expect(readJson('x', '{"__proto__":{"id":"a"}}', 99, (value) => Object.keys(object(value, '')))).toEqual({
    ok: true,
    value: ['__proto__'],
  });
});

it('writes out what a terminal would obey, and leaves all languages alone', () => {
  expect(visible('\x1b[31mred\x07')).toBe('\\u001b[31mred\\u0007');
  expect(visible('a\u202eb\nc\u0085\u2028')).toBe('a\\u202eb\\u000ac\\u0085\\u2028');
  expect(visible('\ud800')).toBe('\\ud800');
  for (const text of ['eth0', 'größe', '世界', '🐳', 'שלום', 'a\\b']) expect(visible(text)).toBe(text);
});
