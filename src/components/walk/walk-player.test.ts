import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WalkPlayer } from './walk-player.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function walk(steps: number, again = false) {
  const shown: string[] = [];
  const player = new WalkPlayer({
    steps,
    again,
    show: (step, by) => {
      shown.push(`${by} ${step}`);
      return 1000;
    },
    playing: (on) => shown.push(on ? 'plays' : 'stands'),
  });
  return { player, shown };
}

test('plays to the end and stands there; from the end it begins again', () => {
  const { player, shown } = walk(3);
  player.play();
  vi.advanceTimersByTime(10_000);
  expect(shown).toEqual(['plays', 'play 1', 'play 2', 'play 3', 'stands']);
  player.toggle();
  expect([player.step, player.isPlaying]).toEqual([1, true]);
  player.dispose();
});

test('goes where the reader wants, never beyond its ends, and does not play on', () => {
  const { player, shown } = walk(3);
  player.play();
  player.go(9);
  player.go(-1);
  player.go(2);
  vi.advanceTimersByTime(10_000);
  expect(shown).toEqual(['plays', 'play 1', 'stands', 'reader 3', 'reader 1', 'reader 2']);
});

test('waits while nobody sees it, and goes on where it was', () => {
  const { player, shown } = walk(3, true);
  player.play();
  player.suspend(true);
  vi.advanceTimersByTime(10_000);
  expect(player.step).toBe(1);
  player.suspend(false);
  vi.advanceTimersByTime(3000);
  expect(shown).toEqual(['plays', 'play 1', 'play 1', 'play 2', 'play 3', 'play 1']);
  player.suspend(true);
  player.pause();
  player.suspend(false);
  vi.advanceTimersByTime(10_000);
  expect(player.step).toBe(1);
});
