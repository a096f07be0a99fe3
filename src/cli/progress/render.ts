// Progress for people: lines that are drawn over on a terminal, one line at a time everywhere else (a log, CI).
import { formatDuration, type Progress, type Step } from './progress.ts';

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Ends the display; what was drawn stays. */
export type StopRendering = () => void;

const marks = { running: '•', done: '✔', failed: '✘', warning: '!' } as const;

/** One step as a line: "✔ machine image · cached · 0.2 s". `now` in ms since the epoch. */
export function describeStep(step: Step, now: number): string {
  const elapsed = step.state === 'warning' ? '' : formatDuration((step.endedAt ?? now) - step.startedAt);
  const percentage = step.state === 'running' ? `${String(Math.floor(step.fraction * 100)).padStart(3)} %` : '';
  const what = step.state === 'running' ? step.detail : step.note;
  return [`${marks[step.state]} ${step.name}`, percentage, what, elapsed].filter((part) => part !== '').join(' · ');
}

// A detail may be a line that some program printed: cursor movements in it must not reach the terminal.
function printable(line: string, columns: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be removed
  const clean = line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return clean.length > columns ? `${clean.slice(0, columns - 1)}…` : clean;
}

/** Chooses by what the output is; a terminal in CI is treated as a log. */
export function renderProgress(progress: Progress, output: Output, environment = process.env): StopRendering {
  return output.isTTY && !environment.CI ? renderLive(progress, output) : renderPlain(progress, output);
}

/** A line when a step turns out to take a while, when it ends, and every ten seconds between. */
export function renderPlain(progress: Progress, output: Output, everyMs = 10_000, patienceMs = 500): StopRendering {
  const waiting = new Map<number, NodeJS.Timeout>();
  const say = (index: number): void => {
    const step = progress.steps[index];
    if (!step) return;
    output.write(`${printable(describeStep(step, Date.now()), 500)}\n`);
    clearTimeout(waiting.get(index));
    if (step.state === 'running') waiting.set(index, setTimeout(say, everyMs, index).unref());
    else waiting.delete(index);
  };
  const stopListening = progress.onChange((step) => {
    const index = progress.steps.indexOf(step);
    if (step.state !== 'running') say(index);
    else if (!waiting.has(index)) waiting.set(index, setTimeout(say, patienceMs, index).unref());
  });
  return () => {
    stopListening();
    for (const timer of waiting.values()) clearTimeout(timer);
  };
}

/** Finished steps stay as they are; those that run are drawn again, four times a second. */
export function renderLive(progress: Progress, output: Output): StopRendering {
  let drawn = 0;
  const settled = new Set<number>();

  const draw = (): void => {
    const columns = Math.max(20, (output.columns ?? 80) - 1);
    const now = Date.now();
    let text = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '';
    for (const [index, step] of progress.steps.entries()) {
      if (step.state === 'running' || settled.has(index)) continue;
      settled.add(index);
      // A finished line is not drawn over any more: it may be as long as a reason is.
      text += `${printable(describeStep(step, now), step.state === 'warning' ? 1000 : columns)}\n`;
    }
    const running = progress.steps.filter((step) => step.state === 'running');
    for (const step of running) text += `${printable(describeStep(step, now), columns)}\n`;
    drawn = running.length;
    if (text !== '') output.write(text);
  };

  const stopListening = progress.onChange((step) => {
    if (step.state !== 'running' || step.fraction === 0) draw();
  });
  const timer = setInterval(draw, 250);
  return () => {
    clearInterval(timer);
    stopListening();
    draw();
  };
}
