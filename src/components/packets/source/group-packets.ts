// Which packets of a file are the same, seen at several places: what their journeys say. A file has no lab's order of taps to go
// by, and a hundred thousand packets take seconds, so the work is done in slices and can be called off.
import { type Context, JourneyBuilder } from '../../../journey/builder.ts';
import type { ListedHop } from './packet-source.ts';

/** ms of work between two frames. */
const SLICE = 10;

/**
 * The numbers of each packet that was seen more than once, the first first.
 *
 * @param count how many packets there are
 * @param onProgress is told a share from 0 to 1
 */
export async function groupPackets(
  packets: Iterable<ListedHop>,
  count: number,
  context: Context,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<number[][] | null> {
  // One more than there are: nothing is forgotten but copies without end of one frame.
  const builder = new JourneyBuilder({ keep: count + 1 });
  const numbers: number[] = [];
  let until = performance.now() + SLICE;
  const pause = async (share: number): Promise<void> => {
    if (performance.now() < until) return;
    onProgress(share);
    await new Promise((resolve) => setTimeout(resolve));
    until = performance.now() + SLICE;
  };
  for (const packet of packets) {
    builder.add([packet]);
    numbers.push(packet.n);
    await pause(numbers.length / count / 2);
    if (signal.aborted) return null;
  }
  builder.know(context);
  const groups: number[][] = [];
  const known = new Set<number>();
  for (const [index, n] of numbers.entries()) {
    if (known.has(n)) continue;
    const group = builder.journeyOf(n)?.hops.map(({ hop }) => hop.n) ?? [];
    for (const each of group) known.add(each);
    if (group.length > 1) groups.push(group);
    await pause(0.5 + index / count / 2);
    if (signal.aborted) return null;
  }
  return groups;
}
