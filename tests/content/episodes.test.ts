// Every command of every episode, typed into the terminal of the real machine in the order in which a reader meets it,
// and what the prose says of its output.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extractRuns } from '../../src/components/episode/extract-runs.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { Reader } from '../machine/reader.ts';

const folder = fileURLToPath(new URL('../../content/docs/episodes/', import.meta.url));

for (const file of readdirSync(folder).filter((name) => name.endsWith('.mdx'))) {
  const source = readFileSync(`${folder}${file}`, 'utf8');
  const labId = /^lab: (\S+)$/m.exec(source)?.[1];
  const runs = extractRuns(source);

  describe(file, () => {
    let lab: Lab;
    const readers = new Map<string, Reader>();

    beforeAll(async () => {
      if (labId === undefined) throw new Error(`${file} has commands but names no lab`);
      lab = await createNodeLab(labId);
      await lab.start();
      expect(lab.state.value).toEqual({ kind: 'running' });
      for (const machine of lab.machines) {
        for (const console of machine.consoles)
          readers.set(`${machine.name} · ${console.index + 1}`, new Reader(console));
      }
    });
    afterAll(async () => lab?.dispose());

    test('has commands', () => expect(runs.length).toBeGreaterThan(0));

    for (const { command, on, terminal, free, expect: claims, status, line } of runs) {
      test(`line ${line}: ${command}`, async () => {
        const reader = readers.get(`${on} · ${terminal}`);
        if (reader === undefined) throw new Error(`the lab ${labId} has no terminal "${on} · ${terminal}"`);
        if (free) {
          // An exercise: its program is there, and a reader gets the prompt back.
          const exercise = await reader.typeAndInterrupt(command);
          expect([126, 127]).not.toContain(exercise.status);
          return;
        }
        const answer = await reader.type(command);
        for (const claim of claims) expect(answer.text).toMatch(new RegExp(claim, 'm'));
        expect(answer.status).toBe(status);
      });
    }
  });
}
