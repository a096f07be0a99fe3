import { describe, expect, test } from 'vitest';
import { buildReport } from './build-report.ts';
import { buildContext, formatDuration, Progress } from './progress.ts';
import { describeStep, type Output, renderLive, renderPlain, renderProgress } from './render.ts';

class Screen implements Output {
  readonly isTTY: boolean;
  readonly columns = 60;
  text = '';
  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

describe('progress', () => {
  test('never goes back, stays within 0 and 1, and is over when it is done', () => {
    const progress = new Progress();
    const step = progress.step('machine image');
    step.progress(0.5, 'half');
    step.progress(0.2, 'less');
    expect(progress.steps[0]).toMatchObject({ fraction: 0.5, detail: 'less', state: 'running' });
    step.progress(7);
    expect(progress.steps[0]?.fraction).toBe(1);
    step.progress(Number.NaN);
    step.done('cached');
    step.progress(0.1, 'late');
    expect(progress.steps[0]).toMatchObject({ fraction: 1, note: 'cached', state: 'done' });
  });

  test('marks what was running when the build broke off', () => {
    const progress = new Progress();
    progress.step('one').done();
    progress.step('two');
    progress.failRunning(new Error('no space left\nat …'));
    expect(progress.steps.map(({ state, note }) => [state, note])).toEqual([
      ['done', ''],
      ['failed', 'no space left'],
    ]);
  });

  test('of another process is shown by its numbers there, among the steps that began here', () => {
    const [there, here] = [new Progress(), new Progress()];
    const show = here.mirror();
    there.onChange((step) => show(there.steps.indexOf(step), step));
    const image = there.step('machine image');
    here.step('of its own').done();
    there.step('lab').progress(0.5);
    image.done('cached');
    expect(here.steps.map(({ name, state, fraction }) => [name, state, fraction])).toEqual([
      ['machine image', 'done', 1],
      ['of its own', 'done', 1],
      ['lab', 'running', 0.5],
    ]);
  });

  test('of one builder can be seen in two places', () => {
    const [all, lab] = [new Progress(), new Progress()];
    const context = buildContext('/x', new AbortController().signal, all, lab);
    context.step('machine image').progress(0.25, 'kernel');
    expect(all.steps[0]?.fraction).toBe(0.25);
    expect(lab.steps[0]?.detail).toBe('kernel');
  });
});

describe('on a terminal', () => {
  test('a running step says how far and for how long, a finished one what became of it', () => {
    let now = 1000;
    const progress = new Progress(() => now);
    const step = progress.step('machine image');
    step.progress(0.424, 'installing');
    expect(describeStep(progress.steps[0] as never, 3500)).toBe('• machine image ·  42 % · installing · 2.5 s');
    now = 76_000;
    step.done('cached');
    expect(describeStep(progress.steps[0] as never, 99_000)).toBe('✔ machine image · cached · 1 min 15 s');
  });

  test('running lines are drawn over, finished ones stay, and nothing is wider than the screen', () => {
    const screen = new Screen(true);
    const progress = new Progress();
    const stop = renderLive(progress, screen);
    const step = progress.step('machine image');
    step.progress(0.5, `unpacking ${'x'.repeat(200)}\x1b[2J`);
    progress.step('site').done('cached');
    step.done();
    stop();
    const lines = screen.text.split('\n').map((line) => line.split('\x1b[J').at(-1) ?? '');
    expect(lines.filter((line) => line.startsWith('✔')).length).toBe(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
    expect(screen.text).not.toContain('\x1b[2J');
  });

  test('in a log a step has a line when it takes a while, again and again, and one when it ends', async () => {
    const screen = new Screen();
    const progress = new Progress();
    const stop = renderPlain(progress, screen, 40, 20);
    const slow = progress.step('slow');
    progress.step('quick').done('cached');
    slow.progress(0.5);
    await new Promise((resolve) => setTimeout(resolve, 90));
    slow.done();
    stop();
    const lines = screen.text.trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('quick'))).toEqual(['✔ quick · cached · 0.0 s']);
    expect(lines.filter((line) => line.startsWith('• slow ·  50 %')).length).toBeGreaterThanOrEqual(2);
    expect(lines.at(-1)).toMatch(/^✔ slow · /);
  });

  test('a warning is said once, whole, and stays', () => {
    const note = `no room: ${'x'.repeat(100)}.`;
    for (const [screen, render] of [
      [new Screen(true), renderLive],
      [new Screen(), renderPlain],
    ] as const) {
      const progress = new Progress();
      const stop = render(progress, screen);
      progress.warn('cache', note);
      progress.step('one').done();
      stop();
      expect(screen.text.split(`! cache · ${note}\n`)).toHaveLength(2);
    }
  });

  test('CI gets a log even where there is a terminal', () => {
    const screen = new Screen(true);
    const progress = new Progress();
    const stop = renderProgress(progress, screen, { CI: 'true' });
    progress.step('one').done();
    stop();
    expect(screen.text).not.toContain('\x1b');
  });

  test('durations read as people say them', () => {
    expect([420, 9_940, 9_960, 59_400, 59_600, 185_000].map(formatDuration)).toEqual([
      '0.4 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 00 s',
      '3 min 05 s',
    ]);
  });
});

describe('build.json', () => {
  const expectation = { seconds: { 'machine image': 60, 'lab snapshot': 40 }, defaultSeconds: 10 };

  test('counts what is still to come', () => {
    const progress = new Progress(() => 0);
    const image = progress.step('machine image');
    image.progress(0.5, 'kernel');
    const status = { startedAt: 0, endedAt: null, message: '', outcome: 'building' as const, expectation };
    expect(buildReport({ ...status, steps: progress.steps }, 12_400)).toEqual({
      state: 'building',
      step: 'machine image',
      percent: 30,
      elapsedSeconds: 12,
      steps: [{ name: 'machine image', state: 'running', percent: 50 }],
      message: 'kernel',
    });
    image.done();
    progress.step('lab snapshot').done();
    expect(buildReport({ ...status, steps: progress.steps }, 0).percent).toBe(99);
    const ready = { ...status, steps: progress.steps, outcome: 'ready' as const, endedAt: 90_000 };
    expect(buildReport(ready, 500_000)).toMatchObject({
      state: 'ready',
      percent: 100,
      elapsedSeconds: 90,
    });
  });

  test('says why a build failed', () => {
    const progress = new Progress(() => 0);
    progress.step('machine image').progress(0.5);
    progress.failRunning(new Error('mmdebstrap failed'));
    const status = {
      expectation,
      steps: progress.steps,
      startedAt: 0,
      endedAt: 1,
      message: 'mmdebstrap failed',
      outcome: 'failed' as const,
    };
    expect(buildReport(status, 5)).toMatchObject({
      state: 'failed',
      step: '',
      message: 'mmdebstrap failed',
    });
  });
});
