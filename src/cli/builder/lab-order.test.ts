import { describe, expect, test } from 'vitest';
import { parseLabFile } from '../../lab/parse-lab-file.ts';
import { readLabs } from '../labs.ts';
import { root } from '../setup/root.mjs';
import { buildOrder, expectationFor, labsBefore } from './lab-order.ts';

const lab = (id: string, machine: string) =>
  parseLabFile(`{ id: ${id}, title: x, summary: y, machines: [{ name: host-01, ${machine} }] }`, 'lab.yaml');

describe('labs are built', () => {
  test('origins first, and those that need no compiler before those that do', () => {
    const labs = [
      lab('a-copy-of-compiled', 'from: b-compiled/host-01'),
      lab('b-compiled', 'from: d-plain/host-01, components: [x]'),
      lab('c-copy', 'from: d-plain/host-01'),
      lab('d-plain', 'memory: 64'),
    ];
    expect(buildOrder(labs).map(({ id }) => id)).toEqual(['d-plain', 'c-copy', 'b-compiled', 'a-copy-of-compiled']);
  });

  test('of this checkout: nobody but the overlay waits for Go', async () => {
    const labs = await readLabs(root);
    const order = buildOrder(labs).map(({ id }) => id);
    expect(order.indexOf('overlay')).toBeGreaterThan(order.indexOf('two-hosts'));
    const waiting = labs.filter((lab) => 'components' in expectationFor(lab, labs).seconds);
    expect(waiting.map(({ id }) => id)).toEqual(['overlay']);
  });

  test('even when they are made from each other, or from one that is not among them: building them says so', () => {
    const labs = [lab('a', 'from: b/host-01'), lab('b', 'from: a/host-01'), lab('c', 'from: gone/host-01')];
    expect(
      buildOrder(labs)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'b', 'c']);
  });

  test('and each counts as steps what it waits for: all that is built before it', () => {
    const labs = [lab('copy', 'from: plain/host-01'), lab('other', 'memory: 64'), lab('plain', 'memory: 64')];
    const steps = (id: string) =>
      Object.keys(expectationFor(labs.find((lab) => lab.id === id) ?? lab('x', ''), labs).seconds);
    expect(steps('copy')).toEqual(['machine image', 'lab plain', 'lab copy']);
    expect(steps('plain')).toEqual(['machine image', 'lab plain']);
    expect(steps('other')).toEqual(['machine image', 'lab plain', 'lab copy', 'lab other']);
    expect(labsBefore(lab('x', 'memory: 64'), labs)).toEqual([]);
  });
});
