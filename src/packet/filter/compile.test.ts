import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissect } from '../dissect.ts';
import { compileFilter, pointAt } from './compile.ts';
import type { FilterPacket } from './reader.ts';
import { allFields } from './registry.ts';
import { type Expression, type Operand, type Piece, printFilter, type SetItem } from './syntax.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));

function packet(frame: Uint8Array, facts: Partial<FilterPacket['frame']> = {}): FilterPacket {
  const about = {
    number: 7,
    time: { seconds: 1_795_405_455, nanoseconds: 500_000_000 },
    timeRelative: 1.5,
    interfaceName: 'host-01/docker0',
  };
  return { layers: dissect(frame, 1), frame: { ...about, bytes: frame, originalLength: frame.length, ...facts } };
}

// A SYN in VXLAN: 192.168.5.1 -> 192.168.5.2 outside, 10.244.1.0 -> 10.244.2.0 inside.
const VXLAN = packet(
  bytes(`0a78c2aa327f 86a20f7a08c1 0800 4500006e9d550000401151d6c0a80501c0a80502 86a52118005ad1aa 0800000000000100
  e67dfcd9b206 fa577500fddc 0800 4500003cc273400040065f610af401000af40200 8a66005045e14c2d00000000a002faf019160000020405b40402080a320395d4000000000103030a`),
);

function matches(text: string, subject: FilterPacket = VXLAN): boolean {
  const compiled = compileFilter(text);
  if (!compiled.ok) throw new Error(`${text}: ${compiled.error.message}`);
  return compiled.filter.matches(subject);
}

/** What a person sees: the text, the caret under it, and the sentence. */
function complaint(text: string): string {
  const compiled = compileFilter(text);
  return compiled.ok ? 'no complaint' : `${pointAt(text, compiled.error)}\n${compiled.error.message}`;
}

test.each([
  'vxlan and tcp',
  'vxlan.vni == 1',
  'ip.addr == 10.244.1.0',
  'ip.src == 10.0.0.0/8',
  'ip.src#1 == 192.168.5.1 && ip.src#2 == 10.244.1.0',
  'not ip.src#3',
  'tcp.port in {22, 80..90}',
  'tcp.flags.syn == True and !tcp.flags.ack == 1',
  'eth.src[0:3] == fa:57:75 || eth.src[0:3] == 86:a2:0f',
  'udp.dstport == 0x2118',
  'tcp.flags & 2',
  'len(ip) == 20 and count(ip.addr) == 4',
  'frame.number == 7 and frame.time_relative > 1 and frame.len == 124',
  'frame.interface_name matches "^HOST-01/"',
  'tcp xor icmp',
  'ip.ttl - 65 < 0 and ip.ttl - 65 == -1',
  'abs(ip.ttl - 65) == 1',
  'tcp.srcport - tcp.dstport > 0 and tcp.dstport - tcp.srcport < 0',
  'ip.src & 255.255.0.0 == 10.244.0.0',
  'tcp.options.mss_val == 1460',
  '   ',
])('%s lets the packet through', (text) => {
  expect(matches(text)).toBe(true);
});

test.each([
  'icmp',
  'ip.src != 10.244.1.0',
  'ip.ttl < 64',
  'tcp.port not in {80}',
  'all ip.src == 10.0.0.0/8',
  'frame.interface_name contains "eth0"',
  'tcp xor vxlan',
  'dns.qry.name == "x"',
  'dns.qry.name != "x"',
  'frame[5000] == 00',
  'ip.ttl - 65 > 0',
  'tcp.ack_raw - 1 > 0',
  'ip.ttl == {64 / 0} + 64',
  'ip.src & 0.0.0.0',
])('%s holds it back', (text) => {
  expect(matches(text)).toBe(false);
});

test('what nobody says of a packet is not there', () => {
  expect(matches('frame.interface_name', packet(bytes('00'), { interfaceName: null }))).toBe(false);
});

test('layers are not decoded for a filter that asks for none', () => {
  const untouched: FilterPacket = {
    frame: VXLAN.frame,
    get layers(): never {
      throw new Error('decoded');
    },
  };
  expect(matches('frame.len > 100 or ip', untouched)).toBe(true);
});

describe('an error stands under what it is about', () => {
  test.each([
    ['ip.scr == 10.0.0.1', 'ip.scr == 10.0.0.1\n^~~~~~\nThere is no field "ip.scr". Did you mean "ip.src"?'],
    ['tcp.seg_raw == 1', 'tcp.seg_raw == 1\n^~~~~~~~~~~\nThere is no field "tcp.seg_raw". Did you mean "tcp.seq_raw"?'],
    [
      'tcp.analysis.flags == 1',
      'tcp.analysis.flags == 1\n                      ^\ntcp.analysis.flags is a mark: it is there or not. Ask for it by its name alone.',
    ],
    ['tcp and (udp', 'tcp and (udp\n        ^\nThis is never closed: ")" is missing.'],
    ['tcp AND udp', 'tcp AND udp\n    ^~~\n"AND" was not expected here. Did you mean "and"?'],
    ['tcp udp', 'tcp udp\n    ^~~\n"udp" was not expected here. Between two tests stands "and" or "or".'],
    ['ip.ttl = 64', 'ip.ttl = 64\n       ^\n"=" means nothing here. Did you mean "=="?'],
    ['ip.ttl ==', 'ip.ttl ==\n         ^\nThe filter ends too early.'],
    ['ip.ttl == 300', 'ip.ttl == 300\n          ^~~\n300 is too large for ip.ttl, which is at most 255.'],
    [
      'tcp.payload matches "a(b"',
      'tcp.payload matches "a(b"\n                      ^~\nThis parenthesis is never closed.',
    ],
    [
      'ip.src contains "10."',
      'ip.src contains "10."\n^~~~~~\nip.src is an IPv4 address, and has nothing inside. Ask its text: string(ip.src) contains "…".',
    ],
    [
      'ip.src == ip.ttl',
      'ip.src == ip.ttl\n          ^~~~~~\nip.src is an IPv4 address, ip.ttl is a number: they cannot be compared.',
    ],
    ['64 == ip.ttl', '64 == ip.ttl\n^~\n"64" cannot stand here: the field comes first, as in ip.ttl == 64.'],
    ['http.host == "a', 'http.host == "a\n             ^~\nThis text is never closed: a quote is missing.'],
    [
      'eth.src == 02:42',
      'eth.src == 02:42\n           ^~~~~\nA MAC address has six bytes, not 2. To compare a part of it, cut it: eth.src[0:3] == 02:42:ac.',
    ],
  ])('%s', (text, expected) => {
    expect(complaint(text)).toBe(expected);
  });
});

const FIELDS = allFields().map(({ name }) => name);
const span = { at: 0, length: 0 };
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({
    kind: fc.constant('length' as const),
    start: fc.integer({ min: -40, max: 40 }),
    length: fc.option(fc.integer({ min: 1, max: 40 })),
  }),
  fc
    .tuple(fc.nat(40), fc.integer({ min: 1, max: 40 }))
    .map(([start, more]) => ({ kind: 'range' as const, start, end: start + more })),
);
const pieces = fc.array(piece, { minLength: 1, maxLength: 3 });
const byteText = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 8,
});
const word = fc.constantFrom(
  '64',
  '0x40',
  '10.0.0.1',
  '10.0.0.0/8',
  'fe80::1',
  '02:42:ac:11:00:02',
  'True',
  'GET',
  '0.5',
  '7',
);
const literal: fc.Arbitrary<Operand> = fc.oneof(
  word.map((text) => ({ kind: 'word' as const, text, ...span })),
  byteText.map((value) => ({ kind: 'string' as const, value, ...span })),
  fc.nat(255).map((value) => ({ kind: 'char' as const, value, ...span })),
);
const { expression } = fc.letrec<{ operand: Operand; value: Operand; expression: Expression }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({
      kind: fc.constant('field' as const),
      name: fc.constantFrom(...FIELDS),
      layers: fc.option(pieces),
      at: fc.constant(0),
      length: fc.constant(0),
    }),
    literal,
    fc.record({
      kind: fc.constant('slice' as const),
      of: tie('value'),
      pieces,
      at: fc.constant(0),
      length: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom('len', 'max', 'upper'),
      args: fc.array(tie('operand'), { maxLength: 2 }),
      at: fc.constant(0),
      length: fc.constant(0),
    }),
  ),
  operand: fc.oneof(
    { depthSize: 'small' },
    tie('value'),
    tie('value').map((of) => ({ kind: 'negative' as const, of, ...span })),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', '%', '&'), tie('operand'), tie('operand'))
      .map(([op, left, right]) => ({ kind: 'arithmetic' as const, op, left, right, ...span }) as Operand),
  ),
  expression: fc.oneof(
    { depthSize: 'small' },
    tie('operand').map((of) => ({ kind: 'present' as const, of, ...span })),
    fc
      .tuple(
        fc.constantFrom('any', 'all'),
        fc.constantFrom('==', '!=', '<', '<=', '>', '>='),
        tie('operand'),
        tie('operand'),
      )
      .map(
        ([quantifier, relation, left, right]) =>
          ({ kind: 'compare', quantifier, relation, left, right, ...span }) as Expression,
      ),
    fc
      .tuple(fc.constantFrom('any', 'all'), fc.constantFrom('contains', 'matches'), tie('operand'), tie('value'))
      .map(([quantifier, kind, left, right]) => ({ kind, quantifier, left, right, ...span }) as Expression),
    fc
      .tuple(
        fc.boolean(),
        tie('value'),
        fc.array(
          fc.tuple(literal, fc.option(literal)).map(([from, to]): SetItem => ({ from, to })),
          { minLength: 1, maxLength: 3 },
        ),
      )
      .map(([negated, left, set]) => ({
        kind: 'in' as const,
        quantifier: 'any' as const,
        negated,
        left,
        set,
        ...span,
      })),
    tie('expression').map((of) => ({ kind: 'not' as const, of, ...span })),
    fc
      .tuple(fc.constantFrom('and', 'or', 'xor'), tie('expression'), tie('expression'))
      .map(([kind, left, right]) => ({ kind, left, right, ...span }) as Expression),
  ),
}));

test('a filter that is printed says the same when it is read again', async () => {
  const { parse } = await import('./parser.ts');
  fc.assert(
    fc.property(expression, (original) => {
      const text = printFilter(original);
      // Comparing trees would compare places in the text as well: what is printed of the second one is all that it says.
      expect(printFilter(parse(text))).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

const scraps = fc.array(
  fc.oneof(
    fc.constantFrom(...FIELDS),
    fc.constantFrom(
      'and',
      'or',
      'not',
      '!',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '#',
      '==',
      '!=',
      '~',
      'in',
      'contains',
      'matches',
      'any',
      '-',
      '"',
      "'",
      '\\',
      '..',
      ',',
      '&',
      '"(a*)*$"',
      '[0:2]',
      '{1..2}',
      '::1/64',
      '1e9',
      'r"',
    ),
    fc.string({ maxLength: 5 }),
    word,
  ),
  { maxLength: 12 },
);

test('any text at all is a filter or has an error inside it', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        scraps.map((parts) => parts.join(' ')),
        scraps.map((parts) => parts.join('')),
      ),
      (text) => {
        const compiled = compileFilter(text);
        if (compiled.ok) expect(typeof compiled.filter.matches(VXLAN)).toBe('boolean');
        else {
          const { at, length, message } = compiled.error;
          expect(at >= 0 && at + length <= text.length).toBe(true);
          expect(message).toMatch(/^.*\S.*[.?!]$/s);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('a filter that is deep, long or both is refused or answered, not a crash', () => {
  for (const text of [
    '('.repeat(5000),
    'not '.repeat(2000),
    '{'.repeat(5000),
    'tcp or '.repeat(1000),
    `ip.ttl${' < ip.ttl'.repeat(500)}`,
    `tcp.payload matches "${'('.repeat(3000)}"`,
    'x'.repeat(20_000),
  ])
    expect(compileFilter(text).ok).toBe(false);
  expect(compileFilter(`tcp${' or tcp'.repeat(1000)}`).ok).toBe(true);
});
