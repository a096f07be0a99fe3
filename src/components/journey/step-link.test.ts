import { expect, test } from 'vitest';
import { stepIn, stepLink } from './step-link.ts';

test('a step’s link names its position, and no other link does', () => {
  expect(stepIn(stepLink(1))).toBe(1);
  expect(stepIn(stepLink(20_411))).toBe(20_411);
  for (const hash of ['', '#', '#step-', '#step-1x', '#step--1', '#the-first-ping', '#step-12345678901'])
    expect(stepIn(hash)).toBeNull();
});
