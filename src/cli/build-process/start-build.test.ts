// The process that builds, as the one that serves sees it. Most of these have a builder that follows a script; the last ones
// start the real one.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Progress } from '../progress/progress.ts';
import { BuildProcess } from './start-build.ts';

let folder = '';
let aborted = new AbortController();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-build-'));
  aborted = new AbortController();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Shown {
  readonly build: BuildProcess;
  readonly display: Progress;
  readonly said: string[];
}

/** Starts a builder that does this once it has been told what to build; null: the real one. */
async function start(script: string | null, site = true): Promise<Shown> {
  const program = join(folder, 'builder.mjs');
  const tell = 'const tell = (message) => new Promise((resolve) => process.send(message, resolve));';
  const alone = `process.once('disconnect', () => process.exit(1));`;
  if (script !== null)
    await writeFile(program, `${tell}\n${alone}\nprocess.once('message', async () => {${script}\n});\n`);
  const display = new Progress();
  const said: string[] = [];
  const build = new BuildProcess({
    root: folder,
    signal: aborted.signal,
    labs: ['a', 'b'],
    site,
    display,
    say: (text) => said.push(text),
    ...(script === null ? {} : { program }),
  });
  return { build, display, said };
}

const step = (state: string, fraction: number): string =>
  `{ name: 'site', state: '${state}', fraction: ${fraction}, detail: 'pages', note: '', startedAt: 1, endedAt: ${state === 'done' ? 2 : null} }`;

describe('a build in a process of its own', () => {
  test('shows its steps here, and each lab reports from first to last', async () => {
    const { build, display, said } = await start(`
      await tell({ kind: 'say', text: 'waiting' });
      await tell({ kind: 'step', index: 0, step: ${step('running', 0.5)} });
      await tell({ kind: 'step', index: 0, step: ${step('done', 1)} });
      await tell({ kind: 'site-ready' });
      const status = { steps: [${step('running', 0.25)}], startedAt: Date.now(), outcome: 'building', message: '', endedAt: null };
      const expectation = { seconds: { site: 100 }, defaultSeconds: 1 };
      await tell({ kind: 'lab', id: 'a', status: { ...status, expectation } });
      process.once('SIGUSR1', async () => {
        await tell({ kind: 'lab', id: 'a', status: { ...status, expectation, outcome: 'ready', endedAt: Date.now() } });
        await tell({ kind: 'end', failure: null });
        process.exit(0);
      });
      await tell({ kind: 'say', text: String(process.pid) });`);
    expect(build.report('a')).toMatchObject({ state: 'building', percent: 0 });
    await build.siteReady;
    // What this process shows of its own keeps its place among the steps of the other one.
    display.step('here').done();
    await expect.poll(() => said).toEqual(['waiting', expect.stringMatching(/^\d+$/)]);
    expect(build.report('a')).toMatchObject({ state: 'building', percent: 25, step: 'site', message: 'pages' });
    expect(build.report('b')).toMatchObject({ state: 'building', percent: 0 });
    expect(build.report('c')).toBeNull();
    process.kill(Number(said[1]), 'SIGUSR1');
    await build.ended;
    expect(build.report('a')).toMatchObject({ state: 'ready', percent: 100 });
    expect(display.steps.map(({ name, state }) => [name, state])).toEqual([
      ['site', 'done'],
      ['here', 'done'],
    ]);
  });

  test.each([
    ['says why', `await tell({ kind: 'end', failure: 'no mirror' }); process.exit(1);`, /^no mirror$/],
    ['is killed', `process.kill(process.pid, 'SIGKILL');`, /ended by SIGKILL.*memory runs out.*same command again/],
    [
      'crashes',
      `throw new Error('heap');`,
      /ended with exit status 1, in the middle[\s\S]*last said:[\s\S]*Error: heap/,
    ],
    ['ends without a word', 'process.exit(0);', /ended with exit status 0, in the middle of its work/],
  ])('that %s has failed: steps and labs say so, but those that are ready stay so', async (_how, end, words) => {
    const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { build, display } = await start(`
      await tell({ kind: 'step', index: 0, step: ${step('running', 0.5)} });
      await tell({ kind: 'site-ready' });
      const status = { steps: [], startedAt: 1, outcome: 'ready', message: '', endedAt: 2 };
      await tell({ kind: 'lab', id: 'b', status: { ...status, expectation: { seconds: {}, defaultSeconds: 1 } } });
      ${end}`);
    await build.siteReady;
    await expect(build.ended).rejects.toThrow(words);
    quiet.mockRestore();
    expect(build.report('a')).toMatchObject({ state: 'failed', message: expect.stringMatching(words) });
    expect(build.report('b')).toMatchObject({ state: 'ready' });
    expect(display.steps[0]?.state).toBe('failed');
  });

  test('ends with this one: it is asked once, and waited for while it tidies up', async () => {
    const { build, said } = await start(`
      const { writeFileSync } = await import('node:fs');
      let times = 0;
      process.on('SIGTERM', () => {
        if (++times === 1) setTimeout(() => { writeFileSync('tidy', String(times)); process.exit(1); }, 300);
      });
      await tell({ kind: 'say', text: 'ready' });`);
    await expect.poll(() => said).toEqual(['ready']);
    aborted.abort(new Error('Ctrl-C'));
    await build.stop();
    await expect(build.ended).rejects.toThrow('Ctrl-C');
    await expect(build.siteReady).rejects.toThrow('Ctrl-C');
    expect(await readFile(join(folder, 'tidy'), 'utf8')).toBe('1');
  });

  test('that broke off in the middle of a step of a lab: the step has failed as well', async () => {
    const { build } = await start(`
      const expectation = { seconds: {}, defaultSeconds: 1 };
      const steps = [${step('done', 1)}, ${step('running', 0.5)}];
      const status = { steps, startedAt: 1, outcome: 'building', message: '', endedAt: null, expectation };
      await tell({ kind: 'lab', id: 'a', status });
      process.exit(0);`);
    await expect(build.ended).rejects.toThrow('in the middle of its work');
    expect(build.report('a')?.steps.map(({ state }) => state)).toEqual(['done', 'failed']);
  });
});

describe('the real one', () => {
  test('tells of a lab file that is wrong', async () => {
    await mkdir(join(folder, 'sandboxes/labs/a'), { recursive: true });
    await writeFile(join(folder, 'sandboxes/labs/a/lab.yaml'), 'id: a\nnonsense: true\n');
    const { build } = await start(null, false);
    await expect(build.siteReady).rejects.toThrow(/sandboxes\/labs\/a\/lab\.yaml[\s\S]*nonsense/);
  });

  test('waits for another build of the checkout, says for which, and ends when it is asked to', async () => {
    await mkdir(join(folder, 'sandboxes/labs'), { recursive: true });
    await mkdir(join(folder, 'build'));
    const started = (await readFile(`/proc/${process.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
    await writeFile(join(folder, 'build/build.lock'), JSON.stringify({ pid: process.pid, started }));
    const { build, said } = await start(null);
    await expect
      .poll(() => said, { timeout: 10_000 })
      .toEqual([`Waiting for process ${process.pid}, which is building in this checkout.\n`]);
    await build.stop();
    await expect(build.ended).rejects.toThrow('aborted');
  });
});
