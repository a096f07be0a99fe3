import { expect, test } from 'vitest';
import { fitting, sharedOut } from './terminal-columns.ts';

const machines = ['etcd-01', 'kube-worker-01', 'kube-worker-02'];

test('each machine has a column, and the last column those that are left over', () => {
  expect(sharedOut(machines, 3)).toEqual([['etcd-01'], ['kube-worker-01'], ['kube-worker-02']]);
  expect(sharedOut(machines, 2)).toEqual([['etcd-01'], ['kube-worker-01', 'kube-worker-02']]);
  expect(sharedOut(machines, 1)).toEqual([machines]);
  expect(sharedOut(['host-01'], 3)).toEqual([['host-01']]);
});

test('a column is never narrower than what a command needs, and there is always one', () => {
  expect([0, 390, 705, 1020, 4000].map(fitting)).toEqual([1, 1, 2, 3, 3]);
});
