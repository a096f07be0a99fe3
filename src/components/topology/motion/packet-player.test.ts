// The browser's frames, and whether the page is in sight, are stood in for by what the test says.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PacketCanvas, PacketFrame } from './packet-canvas.ts';
import { PacketPlayer } from './packet-player.ts';

let now: number;
let frames: ((time: number) => void)[];
let page: EventTarget & { hidden: boolean };
let drawn: PacketFrame[];
let player: PacketPlayer;

beforeEach(() => {
  now = 1000;
  frames = [];
  drawn = [];
  page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal('document', page);
  vi.stubGlobal('requestAnimationFrame', (frame: (time: number) => void) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', () => {});
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const canvas = { draw: (frame: PacketFrame) => void drawn.push(frame) } as unknown as PacketCanvas;
  player = new PacketPlayer({ canvas, host: new EventTarget() as HTMLElement, still: () => false });
});
afterEach(() => {
  player.dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Frames are drawn, sixty in a second, while any are asked for. */
function pass(ms: number): void {
  for (const end = now + ms; now < end; now += 16) frames.shift()?.(now);
}

function hide(hidden: boolean): void {
  page.hidden = hidden;
  page.dispatchEvent(new Event('visibilitychange'));
}

const crosses = (): string[] => drawn.flatMap((frame) => frame.crosses.map(({ device }) => device));

it('shows a cross where a packet was lost, for a while', () => {
  player.cross('docker0', 'dropped: by a rule');
  pass(1000);
  expect(crosses()).toContain('docker0');
  pass(10_000);
  expect(drawn.at(-1)?.crosses).toEqual([]);
  expect(frames).toEqual([]);
});

it('shows no cross of what was lost while the page was hidden, when the reader comes back to it', () => {
  hide(true);
  player.cross('docker0', 'dropped: by a rule');
  now += 3_600_000;
  hide(false);
  pass(20_000);
  expect(crosses()).toEqual([]);
  expect(frames).toEqual([]);
});
