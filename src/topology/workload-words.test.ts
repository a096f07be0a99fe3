import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { namespaceLabel } from '../components/topology/picture/node-label.ts';
import { buildGraph } from './build-graph.ts';
import { describeChanges } from './describe-changes.ts';
import { parseReport } from './parse-report.ts';
import { inNamespace, namespaceName } from './workload-words.ts';

const parsed = parseReport(readFileSync(new URL('./fixtures/host.report.json', import.meta.url), 'utf8'));
if (!parsed.ok) throw new Error(parsed.error);
const { report } = parsed;

it('a namespace that Docker has not named yet is called unnamed, and by its name as soon as it has one', () => {
  const early = buildGraph('host-01', {
    ...report,
    namespaces: report.namespaces.map((space) => (space.name === 'bare' ? space : { ...space, name: '' })),
    workloads: [],
  });
  const later = buildGraph('host-01', report);
  const shown = (graph: typeof early): string[] =>
    graph.namespaces
      .filter(({ root }) => !root)
      .map((space) => `${namespaceLabel(space).name} ${namespaceLabel(space).word}`);
  expect(shown(early)).toEqual(['unnamed namespace', 'unnamed namespace', 'bare namespace']);
  expect(shown(later)).toEqual(['web namespace', 'client namespace', 'bare namespace']);
  // It is the same one all along.
  expect(early.namespaces.map(({ id }) => id)).toEqual(later.namespaces.map(({ id }) => id));
  const [, web] = early.namespaces;
  if (web === undefined) throw new Error('The host has no container.');
  expect(namespaceName(web)).toBe('unnamed');
  expect(inNamespace(web)).toBe('an unnamed namespace');
  // What is said of the change has no inode in it either.
  expect([...describeChanges(buildGraph('host-01', { ...report, namespaces: [] }), early)].join(' ')).not.toContain(
    'net:[',
  );
  expect(describeChanges(early, later)).toContain('an unnamed namespace is now called web');
});
