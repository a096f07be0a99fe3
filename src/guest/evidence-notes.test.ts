// Whatever a guest says, what is told of it can be kept in a capture and read back: one line that nobody meant in earnest must not cost the
// others that are kept with it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Context } from '../journey/builder.ts';
import { noteTexts, readNote } from '../recording/notes/note.ts';
import { EvidenceReader } from './ask/evidence.ts';
import { EvidenceStream } from './evidence-stream.ts';
import type { EvidenceBatch } from './guest.ts';

const long = 'a'.repeat(3000);
const number = fc.oneof(
  fc.integer({ min: 0, max: 2_000_000_000 }).map((n) => `${n}.5`),
  fc.constantFrom(`${'9'.repeat(400)}.0`, '99999999999.1', '0.0', '1795914195.605764'),
);
const numbers = (count: number): string => Array(count).fill('0x4545454545454545').join(',');
/** A drop that the kernel might tell of, with something in it that it would not. */
const drop = fc
  .record({ time: number, location: fc.constantFrom('ip_rcv', long), device: fc.constantFrom('eth0', long) })
  .map(
    ({ time, location, device }) =>
      `T  <...>-1  [000] .. ${time}: lsdrop: (x) loc=${location} reason=7 dev="${device}" q="${device}" nd=4026532311 ns=0 p={0xc29ea800,0x0} n={0x54,0x0} w={0x240008,0x20010,0xc5c81664,0xc5c81700,0xc5c81600,0xc5c81610} h={${numbers(28)}}`,
  );
const entry = fc
  .record({
    source: fc.constantFrom('10.0.0.1', '1#2>3', long),
    port: fc.constantFrom('1', '99999', '9'.repeat(40)),
    id: fc.constantFrom('7', long),
    stamp: fc.oneof(
      fc.constant(''),
      number.map((time) => `[${time}]\t[NEW] `),
    ),
  })
  .map(
    ({ source, port, id, stamp }) =>
      `C${stamp}ipv4 2 tcp 6 src=${source} dst=10.0.0.2 sport=${port} dport=2 src=10.0.0.2 dst=10.0.0.3 sport=2 dport=1 zone=77777 id=${id}`,
  );
const status = fc.tuple(fc.constantFrom('Won 0', 'Woff 1'), number).map((words) => words.join(' '));
const item = fc.oneof(
  drop,
  entry,
  status,
  fc.constantFrom('S', 'R7 NETFILTER_DROP', 'TCPU:0 [LOST 99999999999999999999 EVENTS]'),
);
const line = fc.tuple(number, number, fc.array(item, { maxLength: 5 }));

function areRead(context: Context): void {
  for (const text of noteTexts({ context })) {
    const read = readNote(text);
    expect(read.ok ? '' : read.error).toBe('');
  }
}

it('is so of what its kernel says', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      const batches: EvidenceBatch[] = [];
      const emit = (batch: EvidenceBatch): void => void batches.push(batch);
      const stream = new EvidenceStream({ machine: 'host-01', emit, tapTime: (time) => time + 500 });
      for (const [monotonic, timeOfDay, items] of lines)
        stream.receive(`${monotonic} ${timeOfDay} ${items.join('\x1e')}`, 1.7e9);
      stream.end(1.7e9);
      for (const batch of batches) areRead(batch);
    }),
    { numRuns: 300 },
  );
});

it('is so of what it counts', async () => {
  const count = fc.constantFrom('1', '5', '9'.repeat(400));
  const rule = fc
    .record({ count, device: fc.constantFrom('eth0', long), port: fc.constantFrom('53', '9'.repeat(400)) })
    .map(
      ({ count: packets, device, port }) =>
        `:${device} DROP [${packets}:0]\n[${packets}:0] -A X -i ${device} -p tcp --dport ${port} -j DROP`,
    );
  const link = fc
    .record({ ifname: fc.constantFrom('eth0', long), dropped: fc.constantFrom(1, 1.5, -7, 1e300) })
    .map(({ ifname, dropped }) => ({ ifname, stats64: { rx: { dropped }, tx: { dropped: 0 } } }));
  const answer = fc
    .tuple(number, fc.array(rule, { maxLength: 4 }), fc.array(link, { maxLength: 3 }))
    .map(([time, rules, links]) =>
      [`${time}\n`, `*filter\n${rules.join('\n')}\n`, JSON.stringify(links)].join('\n--lockstep--\n'),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { maxLength: 3 }), async (answers) => {
      let asked = 0;
      const exec = async () => ({ stdout: answers[asked++] ?? '', stderr: '', exitCode: 0, ms: 0 });
      const reader = new EvidenceReader({ name: 'host-01', exec, labTime: (time) => time });
      while (asked < answers.length) areRead((await reader.read()) ?? {});
    }),
    { numRuns: 200 },
  );
});
