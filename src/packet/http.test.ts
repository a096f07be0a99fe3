import { expect, test } from 'vitest';
import { HttpLayer, startsHttp } from './http.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const http = (text: string): HttpLayer => new HttpLayer(ascii(text), 0, text.length, null);
const shown = (layer: HttpLayer, name: string): string[] => layer.named(name).map((field) => field.shown);

test.each([
  ['GET / HTTP/1.1\r\n', true],
  ['OPTIONS * HTTP/1.0\r\n', true],
  ['HTTP/1.1 200 OK\r\n', true],
  ['GET / is what people type\r\n', false],
  ['GETTING / HTTP/1.1\r\n', false],
  ['get / HTTP/1.1\r\n', false],
  ['SSH-2.0-OpenSSH_9.2\r\n', false],
  ['HTTP/', false],
])('%j begins HTTP: %s', (text, expected) => expect(startsHttp(ascii(text), 0, text.length)).toBe(expected));

test('a request', () => {
  const request = http(
    'POST /form?x=1 HTTP/1.1\r\nHost: 172.17.0.3\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nX-Own: yes\r\n\r\na=b',
  );
  expect(request.info()).toBe('POST /form?x=1 HTTP/1.1  (text/plain)');
  expect(shown(request, 'http.request.uri')).toEqual(['/form?x=1']);
  expect(shown(request, 'http.host')).toEqual(['172.17.0.3']);
  expect(shown(request, 'http.request.line')).toContain('X-Own: yes\\r\\n');
  expect(request.named('http.file_data')[0]).toMatchObject({ shown: 'a=b', offset: 117, length: 3 });
});

test('a body ends where its length says', () => {
  expect(http('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n').length).toBe(40);
});

test('an answer without a length goes on to the end; one that can have no body does not', () => {
  expect(http('HTTP/1.0 200 OK\r\n\r\nHello').length).toBe(24);
  expect(http('HTTP/1.1 304 Not Modified\r\n\r\nHello').length).toBe(29);
});

test('a head that goes on in the next segment keeps the lines that are whole', () => {
  const half = http('HTTP/1.1 200 OK\r\nServer: x\r\nDate: Mon, 2');
  expect(half.info()).toBe('HTTP/1.1 200 OK');
  expect(shown(half, 'http.server')).toEqual(['x']);
  expect(shown(half, 'http.date')).toEqual([]);
});

test('a first line that ends early has its fields where its bytes are', () => {
  const line = http('HTTP/1.0 200');
  expect(line.named('http.response.code')).toMatchObject([{ offset: 9, length: 3, value: 200 }]);
  expect(line.named('http.response.phrase')).toMatchObject([{ offset: 12, length: 0, shown: '' }]);
});

test('control characters are shown escaped, and counted as the one byte that they are', () => {
  const request = http('GET /\x1b[31m HTTP/1.1\r\n\r\n');
  expect(request.named('http.request.uri')).toMatchObject([{ offset: 4, length: 6, shown: '/\\x1b[31m' }]);
  expect(request.named('http.request.version')).toMatchObject([{ offset: 11, length: 8, shown: 'HTTP/1.1' }]);
});
