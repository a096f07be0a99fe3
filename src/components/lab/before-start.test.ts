import { afterEach, expect, test, vi } from 'vitest';
import { beforeStart } from './before-start.ts';

const chunk = (digit: string, size: number) => ({ hash: digit.repeat(32), size });
const machine = (name: string, ...own: readonly unknown[]) => ({
  name,
  driver: 'any',
  download: [chunk('0', 1_000_000), ...own],
  setup: null,
});
const described = {
  format: 3,
  lab: 'two',
  title: 'Two',
  wires: [],
  machines: [machine('a', chunk('1', 30_000_001)), machine('b', chunk('2', 20_000_000))],
};

/** A server that has no build under way, and this as labs/two/lab.json. */
function serve(lab: unknown): void {
  vi.stubGlobal('fetch', async (url: string) =>
    url === '/course/labs/two/lab.json' ? new Response(JSON.stringify(lab)) : new Response(null, { status: 404 }),
  );
}
afterEach(() => vi.unstubAllGlobals());
const ask = () => beforeStart('two', '/course/', new AbortController().signal);

test('the reader is told what a start would download; what machines share is downloaded once', async () => {
  serve(described);
  expect(await ask()).toEqual({
    building: false,
    words: 'About 52 MB to download, once: the browser keeps them.',
  });
});

test('of a lab that needs nothing, and of one that the server does not have, nothing is said', async () => {
  serve({ ...described, machines: [{ ...machine('a'), download: [] }] });
  expect(await ask()).toEqual({ building: false, words: null });
  vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }));
  expect(await ask()).toEqual({ building: false, words: null });
});

test('a description that the start would refuse is refused here: no figure is made up', async () => {
  serve({ ...described, format: 2 });
  await expect(ask()).rejects.toThrow('The lab two is described in format 2');
});
