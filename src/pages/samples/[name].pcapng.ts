// /samples/first-ping.pcapng: a sample capture, made of its recording when the site is built.
import type { APIRoute, GetStaticPaths } from 'astro';
import { sampleCapture } from '../../components/packets/open/sample-capture.ts';
import { samples } from '../../components/packets/open/samples.ts';
import { readRecording } from '../../recording/read-recording.ts';

const files = import.meta.glob<string>('/content/recordings/*.json', { query: '?raw', import: 'default', eager: true });

export const getStaticPaths: GetStaticPaths = () => samples.map(({ recording }) => ({ params: { name: recording } }));

export const GET: APIRoute = ({ params: { name } }) => {
  const read = readRecording(files[`/content/recordings/${name}.json`] ?? '');
  if (!read.ok) throw new Error(`The sample "${name}": ${read.error}`);
  return new Response(sampleCapture(read.recording), { headers: { 'Content-Type': 'application/x-pcapng' } });
};
