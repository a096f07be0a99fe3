import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageFlow, type Messages, type Room } from './message-flow.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const MOST = 1_000_000;

interface Sent {
  readonly data: Uint8Array;
  readonly sequence: number;
}

/** A stream cut into segments of these sizes. */
function cut(stream: Uint8Array, sizes: readonly number[], start = 0xffff_fff0 | 0): Sent[] {
  const sent: Sent[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i] ?? stream.length;
    sent.push({ data: stream.slice(at, at + size), sequence: (start + at) | 0 });
    at += size;
  }
  return sent;
}

function taken(
  sent: readonly Sent[],
  source: number,
  destination: number,
  room: Room = { left: MOST },
): (Messages | null)[] {
  const [flow, other] = [new MessageFlow(room), new MessageFlow(room)];
  return sent.map(({ data, sequence }, i) => flow.take(data, sequence, i + 1, source, destination, other));
}

/** All that is seen whole: what segments have completed, and what was whole in them. */
function seen(sent: readonly Sent[], told: readonly (Messages | null)[]): string {
  const parts = told.map((messages, i) => {
    const data = sent[i]?.data ?? new Uint8Array();
    return messages === null ? data : (messages.bytes ?? data.subarray(0, messages.whole));
  });
  return Buffer.concat(parts).toString('latin1');
}

const question = (id: number, size: number): string => {
  const name = String.fromCharCode(size) + 'x'.repeat(size);
  const message = `\0${String.fromCharCode(id)}\x01\0\0\x01\0\0\0\0\0\0${name}\0\0\x01\0\x01`;
  return `\0${String.fromCharCode(message.length)}${message}`;
};

const STREAMS = {
  dns: [53, question(1, 10) + question(2, 40) + question(3, 5)],
  http: [
    8080,
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No Content\r\nServer: x\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=1\r\nefg\r\n0\r\n\r\n',
  ],
  tls: [443, `\x17\x03\x03\0\x20${'a'.repeat(32)}\x17\x03\x03\0\x03bcd\x15\x03\x03\0\x02\x01\0`],
  bgp: [179, `${'\xff'.repeat(16)}\0\x13\x04${'\xff'.repeat(16)}\0\x15\x03\x06\x02`],
} as const;

/** Lines and names that begin a message have to be in one segment to be known; from there on it may be cut anywhere. */
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 });

test.each(Object.entries(STREAMS))(
  '%s: every byte is seen once, whole, however the stream is cut',
  (_, [port, text]) => {
    fc.assert(
      fc.property(sizes, ([first = 1, ...others]) => {
        const sent = cut(ascii(text), [Math.max(first, 20), ...others]);
        const told = taken(sent, port, 40000);
        expect(seen(sent, told)).toBe(text);
        expect(told.at(-1)?.goesOn ?? false).toBe(false);
      }),
    );
  },
);

test('a message is told of at the segment that completes it, with the packets that it is from', () => {
  const sent = cut(ascii(question(1, 10)), [1, 5, 9]);
  const told = taken(sent, 40000, 53);
  expect(told.map((messages) => messages?.goesOn)).toEqual([true, true, true, false]);
  expect(told.at(-1)).toMatchObject({ kind: 'dns', bytes: ascii(question(1, 10)), packets: [1, 2, 3, 4] });
});

test('a segment that has overtaken others of its message waits for them', () => {
  const [a, b, c, d] = cut(ascii(question(1, 40)), [10, 10, 10]) as [Sent, Sent, Sent, Sent];
  const told = taken([a, c, b, b, d], 40000, 53);
  expect(told.map((messages) => messages?.bytes?.length ?? 0)).toEqual([0, 0, 0, 0, question(1, 40).length]);
  expect(told.at(-1)?.packets).toEqual([1, 3, 2, 5]);
});

test('where a part never came, nothing is made up: what follows is looked at alone', () => {
  const stream = cut(ascii(question(1, 40) + question(2, 40)), [10, 48, 10]);
  const [flow, other] = [new MessageFlow({ left: MOST }), new MessageFlow({ left: MOST })];
  const [a, , c] = stream as [Sent, Sent, Sent];
  expect(flow.take(a.data, a.sequence, 1, 40000, 53, other)?.goesOn).toBe(true);
  flow.skip((a.sequence + 10) | 0, 48);
  const told = flow.take(c.data, c.sequence, 3, 40000, 53, other);
  expect(told?.bytes ?? null).toBeNull();
});

test('an answer to HEAD has no body, though it says how long it would be', () => {
  const room = { left: MOST };
  const [client, server] = [new MessageFlow(room), new MessageFlow(room)];
  client.take(ascii('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n'), 0, 1, 40000, 80, server);
  expect(server.take(ascii('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n'), 0, 2, 80, 40000, client)).toBeNull();
  client.take(ascii('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 27, 3, 40000, 80, server);
  const answer = server.take(ascii('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n'), 40, 4, 80, 40000, client);
  expect(answer?.goesOn).toBe(true);
});

test('a message that is longer than anybody waits for is shown as its segments are', () => {
  const head = ascii('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n');
  expect(taken([{ data: head, sequence: 0 }], 80, 40000)).toEqual([null]);
});

test('what is waited with is bounded, and free again when it is forgotten', () => {
  const room = { left: 1000 };
  const flows = Array.from({ length: 100 }, () => new MessageFlow(room));
  const [other] = flows as [MessageFlow];
  for (const flow of flows) {
    flow.take(ascii(question(1, 40)).slice(0, 20), 0, 1, 40000, 53, other);
    flow.take(new Uint8Array(30), 30, 2, 40000, 53, other);
    expect(room.left).toBeGreaterThanOrEqual(0);
  }
  for (const flow of flows) flow.reset();
  expect(room.left).toBe(1000);
});

test('any bytes in any order: nothing is thrown, and all room comes back', () => {
  const room = { left: 5000 };
  const piece = fc.record({
    data: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      fc.constantFrom(...Object.values(STREAMS)).map(([, text]) => ascii(text).slice(0, 60)),
    ),
    sequence: fc.integer({ min: -50, max: 400 }),
  });
  const port = fc.constantFrom(53, 80, 179, 443, 2379, 9999);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), port, (sent, source) => {
      const [flow, other] = [new MessageFlow(room), new MessageFlow(room)];
      for (const [i, { data, sequence }] of sent.entries()) flow.take(data, sequence, i, source, 40000, other);
      expect(room.left).toBeGreaterThanOrEqual(0);
      flow.reset();
      return room.left === 5000;
    }),
  );
});

test('an answer in 20,000 chunks, a segment each, is seen whole at its last, and not looked through anew at each', () => {
  const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(20_000)}0\r\n\r\n`;
  const head = text.indexOf('1\r\na');
  const sent = cut(ascii(text), [head, ...Array<number>(20_000).fill(6)]);
  const start = performance.now();
  const told = taken(sent, 8080, 40_000);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(told.slice(1, -1).every((messages) => messages?.bytes === null && messages.goesOn)).toBe(true);
  expect(Buffer.from(told.at(-1)?.bytes ?? []).toString('latin1')).toBe(text);
});
