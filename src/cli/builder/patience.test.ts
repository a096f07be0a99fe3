import { describe, expect, test } from 'vitest';
import { measureWork, withPatience } from './patience.ts';

const { signal } = new AbortController();
/** Never ends by itself. */
const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

async function secondsUntilItEnds(measure: () => number): Promise<number> {
  const started = performance.now();
  await expect(withPatience({ seconds: 0.2, words: 'too long', signal, every: 20, measure }, forever)).rejects.toThrow(
    'too long',
  );
  return (performance.now() - started) / 1000;
}

describe('patience', () => {
  test('ends after its time on a computer that is as quick as expected, or quicker; later on a slow one', async () => {
    const asExpected = await secondsUntilItEnds(() => 30);
    expect(asExpected).toBeGreaterThan(0.19);
    expect(await secondsUntilItEnds(() => 1)).toBeGreaterThan(0.19);
    expect(await secondsUntilItEnds(() => 120)).toBeGreaterThan(0.76);
  });

  test('does not disturb what ends in time, and measures no more afterwards', async () => {
    let measured = 0;
    const measure = () => ++measured;
    expect(await withPatience({ seconds: 1, words: '', signal, every: 5, measure }, async () => 'done')).toBe('done');
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(measured).toBe(0);
  });

  test('ends when the caller wants no more', async () => {
    const caller = new AbortController();
    const waiting = withPatience({ seconds: 60, words: 'too long', signal: caller.signal }, forever);
    caller.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
  });

  test('its work takes a while that can be measured on any computer', () => {
    expect(measureWork()).toBeGreaterThan(2);
  });
});
