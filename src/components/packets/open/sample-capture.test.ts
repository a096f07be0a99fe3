import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readCapture } from '../../../capture/read-capture.ts';
import { stitch } from '../../../journey/builder.ts';
import { verdictOf } from '../../../journey/verdict.ts';
import { topologyOf } from '../../../lab/journey-topology.ts';
import { readRecording } from '../../../recording/read-recording.ts';
import { conntrackEntries, type Recording, wholeGraph } from '../../../recording/recording.ts';
import { sampleCapture } from './sample-capture.ts';
import { samples } from './samples.ts';

const recordings = new URL('../../../../content/recordings/', import.meta.url);

function recorded(name: string): Recording {
  const read = readRecording(readFileSync(new URL(`${name}.json`, recordings), 'utf8'));
  if (!read.ok) throw new Error(read.error);
  return read.recording;
}

it.each(samples)('the sample $recording is small, and has every packet of its recording', ({ recording: name }) => {
  const recording = recorded(name);
  const file = sampleCapture(recording);
  expect(file.length).toBeLessThan(50_000);
  const { packets } = readCapture(file);
  expect(packets.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(
    recording.hops.map(({ bytes }) => Buffer.from(bytes).toString('hex')),
  );
});

it('what the samples are said to show is in them', () => {
  const verdicts = (name: string): string[] => {
    const recording = recorded(name);
    const known = {
      topology: topologyOf(wholeGraph(recording)),
      conntrack: conntrackEntries(recording),
      evidence: recording.evidence,
    };
    return stitch(recording.hops, known, { oneTime: true }).map((journey) => `${verdictOf(journey)} ${journey.why}`);
  };
  expect(verdicts('dropped').join('\n')).toMatch(/^Dropped.*rule/m);
  expect(verdicts('first-ping').length).toBe(4);
});
