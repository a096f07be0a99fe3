// Real time for the wires' clock, in pages and in Node.
import type { TimeSource } from '../wire/clock.ts';

export const realTime: TimeSource = {
  now: () => performance.now(),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};
