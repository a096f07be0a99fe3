import { expect, test } from 'vitest';
import { dropWords } from './evidence/kernel-drops.ts';
import type { RuleEvidence } from './evidence/rules.ts';
import { isByUnnamedRule, verdictOf } from './verdict.ts';

test('only what was seen is said without a qualifier', () => {
  expect(verdictOf({ end: 'delivered', grade: 'seen', reached: null })).toBe('Delivered');
  expect(verdictOf({ end: 'dropped', grade: 'inferred', reached: null })).toBe('Dropped, by inference');
  expect(verdictOf({ end: 'unknown', grade: 'unknown', reached: null })).toBe('End not known');
});

test('some rule dropped it: as the kernel says it, and as long as no rule is named', () => {
  const why = `the kernel dropped it: ${dropWords({ reason: 'NETFILTER_DROP', location: 'nf_hook_slow' })}`;
  expect(isByUnnamedRule({ end: 'dropped', why, rules: [] })).toBe(true);
  expect(isByUnnamedRule({ end: 'dropped', why, rules: [{} as RuleEvidence] })).toBe(false);
  const queue = `the kernel dropped it: ${dropWords({ reason: 'QDISC_DROP', location: 'dev_queue_xmit' })}`;
  expect(isByUnnamedRule({ end: 'dropped', why: queue, rules: [] })).toBe(false);
});
