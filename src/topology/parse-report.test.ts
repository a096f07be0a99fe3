import { expect, test } from 'vitest';
import { visible } from '../basics/visible.ts';
import { parseReport } from './parse-report.ts';

const link = (over: object = {}) => ({
  ifindex: 2,
  ifname: 'eth0',
  flags: [],
  mtu: 1,
  operstate: 'UP',
  link_type: 'ether',
  addr_info: [],
  ...over,
});
const root = (links: unknown[], routes: unknown[] = []) =>
  JSON.stringify({ time: 1, namespaces: [{ inode: 1, pid: 1, pids: [1], name: '', nsid: -1, links, routes }] });
const read = (text: string) => {
  const r = parseReport(text);
  if (!r.ok) throw new Error(r.error);
  return r;
};

test('a veth whose other end dies: link_netnsid -1', () => {
  const r = read(root([link(), link({ ifindex: 5, ifname: 'veth1', link_index: 4, link_netnsid: -1 })]));
  expect(r.unread).toEqual([]);
  expect(r.report.namespaces[0]?.links).toHaveLength(2);
});
test('many routes', () => {
  const r = read(
    root(
      [link()],
      Array.from({ length: 5000 }, (_, i) => ({ dst: `10.0.${i >> 8}.${i & 255}`, dev: 'eth0' })),
    ),
  );
  expect(r.report.namespaces).toHaveLength(1);
});
test('many processes', () => {
  const r = read(
    JSON.stringify({
      time: 1,
      namespaces: [
        {
          inode: 1,
          pid: 1,
          pids: Array.from({ length: 4200 }, (_, i) => i + 1),
          name: '',
          nsid: -1,
          links: [link()],
          routes: [],
        },
      ],
    }),
  );
  expect(r.report.namespaces).toHaveLength(1);
});
test.each([1e4, 1e5, 1e6])('deep %s', (n) => {
  for (const text of [
    `{"time":${'['.repeat(n)}${']'.repeat(n)}}`,
    `${'['.repeat(n)}${']'.repeat(n)}`,
    `{"time":1,"namespaces":${'['.repeat(n)}${']'.repeat(n)}}`,
    `{"time":1,"namespaces":[{"inode":${'{"a":'.repeat(n / 4)}1${'}'.repeat(n / 4)}}]}`,
  ])
    expect(() => parseReport(text)).not.toThrow();
});
test('null link_netnsid, hostile fields', () => {
  for (const t of [
    '{"time":1,"docker":{"containers":[{"Id":"__proto__","Names":[],"State":"","Image":""}]}}',
    '{"time":1,"cri":{"pods":null}}',
    '{"time":1,"cri":{"pods":{"items":null}}}',
    '{"time":1,"cri":{"pods":5}}',
    '{"time":1,"docker":{"networks":[null]}}',
    '{"time":1,"processes":{"__proto__":1}}',
    'null',
    '[]',
    '{"time":1e999}',
    '{"time":null}',
  ])
    expect(() => parseReport(t)).not.toThrow();
});
test('invisible tags in a name are written out', () => {
  expect(visible('a\u{e0041}')).not.toBe('a\u{e0041}');
});
test('docker: missing Labels null, Names null', () => {
  const r = read(
    '{"time":1,"docker":{"containers":[{"Id":"abc","Names":null,"State":"running","Image":"x"}],"networks":[{"Id":"abc","Name":"n","Options":null}]}}',
  );
  expect(r.unread).toEqual([]);
});
test('crictl with no containers: null lists', () => {
  const r = read('{"time":1,"cri":{"pods":{"items":null},"containers":{"containers":null}}}');
  expect(r.unread).toEqual([]);
});
