// JSON in HTTP against tshark: bodies by hand, and any that can be written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { LinkType } from '../../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../../src/capture/pcap.ts';
import { dissect } from '../../../src/packet/dissect.ts';
import { summarize } from '../../../src/packet/summary.ts';
import { ascii, ethernet, ipv4, tcp } from '../corner-cases.ts';
import { tsharkFields } from '../tshark.ts';

const directory = mkdtempSync(path(tmpdir(), 'lockstep-json-'));
afterAll(() => rmSync(directory, { recursive: true }));

const FIELDS = [
  ...['object', 'array', 'member', 'key', 'value.string', 'value.number', 'value.null', 'value.true', 'value.false'],
  ...['path', 'path_with_value', 'member_with_value'],
].map((name) => `json.${name}`);

const BY_HAND = [
  '{"name":"web","replicas":3,"labels":{"app":"x","n":"\\"q\\""},"ports":[80,443,{"a":null}],"on":true,"off":false,"f":-1.5e3}',
  '{"empty":{},"list":[]}',
  '[1,"two",[3]]',
  ' {"a" : 1 , "a":2}\n',
  '{"t":"tab\\t\\/x"}',
  '[]',
];
/** Keys and texts of letters: what tshark makes of others in a column is its own. */
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(word, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const written = fc.sample(fc.oneof(fc.array(value), fc.dictionary(word, value, { noNullPrototype: true })), {
  numRuns: 80,
  seed: 5,
});
const BODIES = [...BY_HAND, ...written.map((one) => JSON.stringify(one))].filter((body) => body.length < 1300);

const packets = BODIES.map((body, i) => {
  const head = `POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n`;
  return ethernet('0800', ipv4(6, tcp(40_000 + i, 8080, { payload: ascii(head + body) })));
});

test(`${BODIES.length} bodies have the members and the values that tshark finds`, () => {
  const file = path(directory, 'json.pcap');
  const records = packets.map((bytes, i) => pcapRecord({ seconds: i, nanoseconds: 0 }, bytes));
  writeFileSync(file, Buffer.concat([pcapHeader(LinkType.EN10MB), ...records]));
  const theirs = tsharkFields(file, [...FIELDS, '_ws.col.Info', '_ws.col.Protocol']);
  const differences: string[] = [];
  for (const [i, bytes] of packets.entries()) {
    const fields = dissect(bytes, LinkType.EN10MB).flatMap((layer) => layer.fields());
    for (const name of FIELDS) {
      const ours = fields.filter((field) => field.name === name).map(({ shown }) => shown);
      const expected = theirs[i]?.get(name) ?? [];
      if (ours.join('|') !== expected.join('|'))
        differences.push(`${BODIES[i]}: ${name} is ${ours}, tshark says ${expected}`);
    }
    const { info, protocol } = summarize(bytes, LinkType.EN10MB);
    expect([protocol, info]).toEqual([
      theirs[i]?.get('_ws.col.Protocol')?.join(),
      theirs[i]?.get('_ws.col.Info')?.join(),
    ]);
  }
  expect(differences.slice(0, 10)).toEqual([]);
});
