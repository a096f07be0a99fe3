// A recording as a capture file, with all that it knows besides its packets: the page that opens captures, and Lockstep's commands,
// say the same of it as the lab did.
import type { Context } from '../../../journey/builder.ts';
import { topologyOf } from '../../../lab/journey-topology.ts';
import { conntrackEntries, type Recording, wholeGraph } from '../../../recording/recording.ts';
import { captureOf } from '../source/save-capture.ts';

export function sampleCapture(recording: Recording): Uint8Array<ArrayBuffer> {
  const { title, script, recorded, hops, evidence } = recording;
  const context: Context = {
    topology: topologyOf(wholeGraph(recording)),
    conntrack: conntrackEntries(recording),
    evidence,
  };
  const pieces = captureOf(hops, {
    comment: `Recorded in the Lockstep lab "${title}" on ${recorded.slice(0, 10)}, by the script ${script}.`,
    isMarked: () => false,
    resolution: 6,
    context,
  });
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
