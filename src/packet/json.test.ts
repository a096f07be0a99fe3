import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dissect } from './dissect.ts';
import { isJson } from './json.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const whole = (text: string): boolean => isJson(bytesOf(text), 0, bytesOf(text).length);

/** An HTTP request over IPv4 with these bytes behind its head. */
function request(head: string, body: string): Uint8Array {
  const data = bytesOf(`POST / HTTP/1.1\r\n${head}\r\n${body}`);
  const length = (40 + data.length).toString(16).padStart(4, '0');
  const headers = `0242ac1100030242ac11000208004500${length}00004000400600000a0000010a0000029c401f9000000001000000015018200000000000`;
  return Uint8Array.from([...Buffer.from(headers, 'hex'), ...data]);
}

const layersOf = (head: string, body: string): string[] =>
  dissect(request(head, body), 1)
    .map(({ protocol }) => protocol)
    .slice(3);

test('a body that is JSON is a layer in HTTP, and what follows it is looked at too', () => {
  const next = 'GET / HTTP/1.1\r\n\r\n';
  expect(layersOf('Content-Type: application/json\r\nContent-Length: 7\r\n', `{"a":1}${next}`)).toEqual([
    'http',
    'json',
    'http',
  ]);
  expect(layersOf('Content-Type: application/merge-patch+json\r\nContent-Length: 2\r\n', '[]')).toEqual([
    'http',
    'json',
  ]);
});

test('what is not whole, no JSON, or not called so is none', () => {
  expect(layersOf('Content-Type: application/json\r\nContent-Length: 9\r\n', '{"a":1}')).toEqual(['http']);
  expect(layersOf('Content-Type: application/json\r\nContent-Length: 5\r\n', '{"a":')).toEqual(['http']);
  expect(layersOf('Content-Type: text/plain\r\nContent-Length: 7\r\n', '{"a":1}')).toEqual(['http']);
});

test('fields lie where their text does', () => {
  const bytes = request(
    'Content-Type: application/json\r\nContent-Length: 13\r\n',
    '{"key":"text"}'.slice(0, 14).replace('text', 'tex'),
  );
  const json = dissect(bytes, 1).find(({ protocol }) => protocol === 'json');
  const [field] = json?.named('json.value.string') ?? [];
  expect(Buffer.from(bytes.subarray(field?.offset, (field?.offset ?? 0) + (field?.length ?? 0))).toString()).toBe(
    '"tex"',
  );
});

test('says of any text what JSON.parse says, of objects and arrays', () => {
  const soup = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      'null',
      ' ',
      '\\',
      '\\u12',
      'é',
    ),
    { maxLength: 12 },
  );
  const parses = (text: string): boolean => {
    try {
      return typeof JSON.parse(text) === 'object' && /^\s*[{[]/.test(text);
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(soup, (parts) => whole(parts.join('')) === parses(parts.join(''))),
    { numRuns: 3000 },
  );
  fc.assert(fc.property(fc.json(), (text) => whole(text) === parses(text)));
});

test('depth and number are bounded', () => {
  expect(whole('['.repeat(10_000) + ']'.repeat(10_000))).toBe(false);
  const bytes = request('Content-Type: application/json\r\nContent-Length: 60001\r\n', `[${'1,'.repeat(29_999)}1]`);
  const json = dissect(bytes, 1).find(({ protocol }) => protocol === 'json');
  expect(json?.fields().length).toBeLessThan(10_000);
});
