import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { twoHosts } from '../../../../tests/support/two-hosts.ts';
import { buildGraph, EMPTY_GRAPH } from '../../../topology/build-graph.ts';
import type { Graph } from '../../../topology/graph.ts';
import { parseReport } from '../../../topology/parse-report.ts';
import type { Colours } from '../picture/theme-colours.ts';
import { pictureSvg } from './picture-svg.ts';

const colours = new Proxy({}, { get: (_, name) => `rgb(${String(name).length}, 0, 0)` }) as Colours;

const report = parseReport(
  readFileSync(new URL('../../../topology/fixtures/host.report.json', import.meta.url), 'utf8'),
);
if (!report.ok) throw new Error(report.error);
const graph = buildGraph('host-01', report.report, EMPTY_GRAPH);

/** Tags and text of XML without comments, CDATA or declarations; throws where it is not well-formed. */
function parse(xml: string): { tags: string[]; texts: string[] } {
  const tags: string[] = [];
  const texts: string[] = [];
  const open: string[] = [];
  const token =
    /<(\/?)([a-z]+)((?: [\w-]+="[^"<>&]*(?:&#\d+;[^"<>&]*)*")*)>|([^<>&]+(?:&#\d+;[^<>&]*)*|(?:&#\d+;[^<>&]*)+)/gy;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const found = token.exec(xml);
    if (found === null) throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
    const [, slash, name = '', , text] = found;
    if (text !== undefined) texts.push(text);
    else if (slash === '/') expect(open.pop()).toBe(name);
    else {
      tags.push(name);
      open.push(name);
    }
  }
  expect(open).toEqual([]);
  return { tags, texts };
}

test('the file has every device and container that the kernel reported, and says what it is', () => {
  const picture = pictureSvg(graph, colours, 'The super bridge, 25 November 2026');
  const { texts } = parse(picture?.svg ?? '');
  const shown = graph.devices.filter(({ deviceKind }) => deviceKind !== 'loopback');
  for (const { name } of shown) expect(texts.some((text) => text.startsWith(name))).toBe(true);
  for (const space of graph.namespaces.filter(
    ({ id, root }) => !root && shown.some(({ namespace }) => namespace === id),
  ))
    expect(texts.some((text) => text.startsWith(space.name))).toBe(true);
  expect(texts.filter((text) => text === 'The super bridge, 25 November 2026')).toHaveLength(2);
});

test('the file has the wire between machines, and the tunnel', () => {
  const { texts } = parse(pictureSvg(twoHosts(), colours, 'Two hosts')?.svg ?? '');
  for (const words of ['host-01', 'host-02', 'lan (wire)', 'VNI 1']) expect(texts).toContain(words);
});

test('there is no picture of nothing', () => {
  expect(pictureSvg(EMPTY_GRAPH, colours, 'nothing')).toBeNull();
});

test('whatever a machine calls its interfaces, the file is well-formed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (device, title) => {
      const renamed: Graph = { ...graph, devices: graph.devices.map((each) => ({ ...each, name: device })) };
      const { svg } = pictureSvg(renamed, colours, title) ?? { svg: '' };
      expect(parse(svg).tags[0]).toBe('svg');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML must not hold
      expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    }),
  );
});
