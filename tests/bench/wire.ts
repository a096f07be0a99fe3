// The wire beside v86's own in-browser network. Two threads stand for two machines, and exchange frames as those do: over a
// BroadcastChannel, as v86 joins two machines, or over the page's thread and the wire in it. What an emulated machine does
// with a frame takes much longer than either, so this is the hardest comparison for the wire.
import { Worker } from 'node:worker_threads';
import type { Bench } from '../../src/cli/bench/figure.ts';
import { VirtualClock } from '../../src/wire/clock.ts';
import { Wire } from '../../src/wire/wire.ts';
import type { FromFrameThread, ToFrameThread, Via } from './support/frame-thread.ts';
import { percentile } from './support/percentile.ts';

const throughput = 'wire throughput, of v86’s in-browser network';
const latency = 'wire round trip added to v86’s in-browser network, p95';
const inOneThread = 'wire alone, frames in a second';

interface Load {
  readonly count: number;
  readonly length: number;
  readonly window: number;
}
/** As one TCP connection with a window of 64 kB. */
const bulk: Load = { count: 20_000, length: 1514, window: 44 };
const pings: Load = { count: 3000, length: 98, window: 1 };

function realTime(): VirtualClock {
  return new VirtualClock({
    now: () => performance.now(),
    after: (delay, task) => {
      const timer = setTimeout(task, delay);
      return () => clearTimeout(timer);
    },
  });
}

let channels = 0;

/** Two threads, and the wire between them if it goes over that; the answers to the load. */
async function measure(via: Via, { count, length, window }: Load): Promise<Extract<FromFrameThread, { type: 'sent' }>> {
  const threads = [0, 1].map(() => new Worker(new URL('./support/frame-thread.ts', import.meta.url)));
  const [sender, receiver] = threads;
  if (sender === undefined || receiver === undefined) throw new Error('There are no threads.');
  const channel = `lockstep-bench-${process.pid}-${channels++}`;
  const say = (thread: Worker, message: ToFrameThread): void => thread.postMessage(message);
  const clock = realTime();
  const wire = new Wire('lan', clock);
  try {
    return await new Promise((resolve, reject) => {
      for (const [index, thread] of threads.entries()) {
        const port = wire.addPort(String(index));
        port.onFrame((bytes) => thread.postMessage({ type: 'frame', bytes }, [bytes.buffer as ArrayBuffer]));
        thread.on('error', reject);
        thread.on('message', (message: FromFrameThread) => {
          if (message.type === 'frame') port.send(message.bytes);
          else if (message.type === 'sent') resolve(message);
          else say(sender, { type: 'send', via, channel, count, length, window });
        });
      }
      say(receiver, { type: 'answer', via, channel });
    });
  } finally {
    for (const thread of threads) say(thread, { type: 'end' });
    await Promise.all(threads.map((thread) => thread.terminate()));
    wire.dispose();
    clock.dispose();
  }
}

/** Frames a second from one port to another, without threads. */
function alone(): number {
  const count = 500_000;
  const wire = new Wire('lan', realTime());
  let received = 0;
  const ports = [0, 1].map((index) => {
    const port = wire.addPort(String(index));
    port.onFrame(() => received++);
    return port;
  });
  const frames = [0, 1].map((from) => {
    const bytes = new Uint8Array(1514);
    bytes.set([2, 0, 0, 0, 0, 1 - from, 2, 0, 0, 0, 0, from, 0x88, 0xb5]);
    return bytes;
  });
  const began = performance.now();
  for (let n = 0; n < count; n++) ports[n & 1]?.send(frames[n & 1] ?? new Uint8Array());
  const ms = performance.now() - began;
  if (received !== count) throw new Error(`Of ${count} frames ${received} arrived.`);
  wire.dispose();
  return (count / ms) * 1000;
}

export const bench: Bench = {
  name: 'wire',
  figures: [
    { name: throughput, unit: '%', target: { min: 60 } },
    { name: latency, unit: 'ms', target: { max: 2 }, in: 'node' },
    { name: inOneThread, unit: 'frames/s', target: {} },
  ],
  run: async (context) => {
    const results: Record<string, number[]> = { [throughput]: [], [latency]: [], [inOneThread]: [] };
    // What runs first in a process runs slower.
    for (const via of ['broadcast', 'wire'] as const) await measure(via, pings);
    alone();
    for (let round = 1; round <= context.samples; round++) {
      context.signal.throwIfAborted();
      const perSecond = async (via: Via): Promise<number> => (bulk.count / (await measure(via, bulk)).ms) * 1000;
      const roundTrip = async (via: Via): Promise<number> => percentile((await measure(via, pings)).roundTrips, 0.95);
      const frames = { broadcast: await perSecond('broadcast'), wire: await perSecond('wire') };
      const ms = { broadcast: await roundTrip('broadcast'), wire: await roundTrip('wire') };
      results[throughput]?.push((frames.wire / frames.broadcast) * 100);
      results[latency]?.push(ms.wire - ms.broadcast);
      results[inOneThread]?.push(alone());
      context.say(
        `  round ${round}: ${Math.round(frames.wire)} frames/s against ${Math.round(frames.broadcast)}, round trip p95 ${ms.wire.toFixed(3)} ms against ${ms.broadcast.toFixed(3)} ms`,
      );
    }
    return results;
  },
};
