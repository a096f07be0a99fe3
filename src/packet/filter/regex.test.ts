import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRegex } from './regex.ts';
import { RegexFault } from './regex-syntax.ts';

const matches = (pattern: string, subject: string): boolean => compileRegex(pattern)(subject);

test.each([
  ['get', 'xGETx', true],
  ['(?-i)get', 'GET', false],
  ['(?-i:g)et', 'gET', true],
  ['^www\\.', 'www.example.com', true],
  ['^www\\.', 'wwwx', false],
  ['com$', 'example.com\n', true],
  ['com\\z', 'example.com\n', false],
  ['a.c', 'a\nc', false],
  ['(?s)a.c', 'a\nc', true],
  ['^b', 'a\nb', false],
  ['(?m)^b$', 'a\nb\nc', true],
  ['w{3}', 'www', true],
  ['^w{2}$', 'www', false],
  ['^w{2,}$', 'www', true],
  ['x{a}', 'x{a}', true],
  ['[[:alpha:]_]+\\d', 'ab_7', true],
  ['[^[:digit:]]', '123', false],
  ['[]a]', ']', true],
  ['[a-]', '-', true],
  ['[\\x41-\\x43]', 'b', true],
  ['\\bcat\\b', 'a cat!', true],
  ['\\Bcat', 'a cat', false],
  ['\\Qa.b\\E+', 'xa.b', true],
  ['\\Qa.b\\E', 'axb', false],
  ['(?<name>a|b)c', 'bc', true],
  ['a(?#said)b', 'ab', true],
  ['', '', true],
  ['(a|)+$', 'b', true],
  ['\\xff', '\u00ff', true],
])('%s on %j: %s', (pattern, subject, expected) => {
  expect(matches(pattern, subject)).toBe(expected);
});

test.each([
  '(',
  ')',
  '[',
  '[b-a]',
  '*a',
  'a**?+',
  'a++',
  '(?=a)',
  '(?<!a)',
  '\\1',
  '\\p{L}',
  'a{3,2}',
  '\\',
  '[[:nope:]]',
  '(?>a)',
  '(?',
  `${'('.repeat(300)}`,
])('%s is refused, with its place', (pattern) => {
  const attempt = (): unknown => compileRegex(pattern);
  expect(attempt).toThrow(RegexFault);
  try {
    attempt();
  } catch (error) {
    const { at, length } = (error as RegexFault).span;
    expect(at >= 0 && length >= 1 && at <= pattern.length).toBe(true);
  }
});

test('patterns that make a backtracking engine take for ever take no time', () => {
  const subject = `${'a'.repeat(20_000)}!`;
  for (const pattern of ['^(a+)+$', '(a*)*b', '(a|a)*c', '^(a|aa)+$', 'a*a*a*a*a*a*d', '(?:a{0,50}){20}e'])
    expect(matches(pattern, subject)).toBe(false);
});

test('a pattern whose repeats explode is refused', () => {
  for (const pattern of ['(a{1000}){1000}', '((a{99}){99}){99}', '(((){65535}){65535}){65535}a{6000}'])
    expect(() => compileRegex(pattern)).toThrow('too large');
});

// On what both know, JavaScript's engine must agree.
const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '(?:ab|c)', '(a|bc)', '\\b', '^', '$', '\\d', 'B');
const pattern = fc
  .array(fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '*?', '{0}')), { maxLength: 5 })
  .map((parts) => parts.map(([base, repeat]) => (/^(\^|\$|\\b)$/.test(base) ? base : base + repeat)).join(''));
const choice = fc.array(pattern, { minLength: 1, maxLength: 2 }).map((patterns) => patterns.join('|'));

test('agrees with RegExp where both know the pattern', () => {
  fc.assert(
    fc.property(
      choice,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '1', ' '), maxLength: 8 }),
      (text, subject) => {
        expect([text, subject, matches(text, subject)]).toEqual([text, subject, new RegExp(text, 'i').test(subject)]);
      },
    ),
    { numRuns: 5000 },
  );
});

test('any pattern is compiled or refused', () => {
  const scrap = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '1',
    ',',
    '*',
    '+',
    '?',
    '\\',
    'x',
    'Q',
    'E',
    '^',
    '$',
    '|',
    ':',
    '-',
    'a',
    '<',
    '[:alpha:]',
    '(?i)',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(scrap, { maxLength: 20 }).map((parts) => parts.join('')),
        fc.string(),
      ),
      (text) => {
        try {
          expect(typeof matches(text, 'some text 123')).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(RegexFault);
        }
      },
    ),
    { numRuns: 5000 },
  );
});
