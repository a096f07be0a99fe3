import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadFilters, rememberFilter } from './filter-history.ts';

let stored: string | null;
let refuses: boolean;

beforeEach(() => {
  stored = null;
  refuses = false;
  vi.stubGlobal('localStorage', {
    getItem: () => stored,
    setItem: (_: string, value: string) => {
      if (refuses) throw new DOMException('full', 'QuotaExceededError');
      stored = value;
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it('remembers each filter once, the latest first, twenty at most', () => {
  for (let n = 0; n < 30; n++) rememberFilter(`frame.number == ${n}`);
  rememberFilter(' frame.number == 20 ');
  expect(loadFilters().slice(0, 3)).toEqual(['frame.number == 20', 'frame.number == 29', 'frame.number == 28']);
  expect(loadFilters().length).toBe(20);
});

it.each(['', 'no JSON', '{"0":"icmp"}', '[1,null,{"a":2},""]'])('takes %s in the storage for nothing', (nonsense) => {
  stored = nonsense;
  expect(loadFilters()).toEqual([]);
  expect(rememberFilter('icmp')).toEqual(['icmp']);
  expect(loadFilters()).toEqual(['icmp']);
});

it('goes on without a storage that is full', () => {
  refuses = true;
  expect(rememberFilter('icmp')).toEqual(['icmp']);
  expect(rememberFilter('x'.repeat(1000))).toEqual([]);
});
