import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileFilter } from './compile.ts';
import { complete } from './complete.ts';
import { allFields } from './registry.ts';

const inserts = (text: string, caret = text.length): string[] => complete(text, caret).map(({ insert }) => insert);

test('fields that begin with what was typed come first, the short names ahead, each with what it is for', () => {
  const [first] = complete('vxl', 3);
  expect(first).toEqual({ insert: 'vxlan', at: 0, length: 3, about: 'A tunnel: Ethernet frames in UDP.' });
  expect(inserts('tcp.fl')[0]).toBe('tcp.flags');
  expect(inserts('tcp and ip.s')).toContain('ip.src');
  expect(inserts('sport')).toEqual([]);
  expect(inserts('srcport')).toEqual(['sctp.srcport', 'tcp.srcport', 'udp.srcport']);
});

test('the word around the caret is what is replaced', () => {
  expect(complete('ip.sr == 10.0.0.1', 4)[0]).toMatchObject({ insert: 'ip.src', at: 0, length: 5 });
});

test('after a field stands an operator that it takes', () => {
  expect(inserts('ip.ttl ')).toContain('==');
  expect(inserts('ip.ttl ')).not.toContain('contains');
  expect(inserts('http.host con')).toEqual(['contains']);
  expect(inserts('tcp ')).toContain('and');
});

test('after an operator stand the values that have a name', () => {
  expect(complete('ip.proto == ', 12)).toContainEqual({ insert: '6', about: 'TCP', at: 12, length: 0 });
  expect(inserts('icmp.type == ech')).toEqual(['0', '8']);
  expect(inserts('tcp.flags.syn == ')).toEqual(['1', '0']);
});

test('after a comparison stands what joins it to the next', () => {
  expect(inserts('ip.ttl == 64 ')).toEqual(['and', 'or']);
  expect(inserts('(tcp or udp) a')).toEqual(['and']);
});

test('inside quotes nothing is offered', () => {
  expect(inserts('http.host == "tc')).toEqual([]);
});

test('wherever the caret is, completions fit into the text', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(20), (text, at) => {
      const caret = Math.min(at, text.length);
      for (const { at: from, length, insert, about } of complete(text, caret)) {
        expect(from >= 0 && from <= caret && from + length <= text.length).toBe(true);
        expect(insert !== '' && about !== '').toBe(true);
      }
    }),
  );
});

test('every field can stand alone as a filter, and says what it is for', () => {
  for (const { name, about } of allFields()) {
    expect(compileFilter(name)).toMatchObject({ ok: true });
    expect(about).toMatch(/[.?]$/);
  }
});
