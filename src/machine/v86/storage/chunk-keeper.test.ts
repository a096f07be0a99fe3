// Web Locks are Node's own; Cache storage is one in memory. A keeper that a test has opened is a tab that stays open: nothing
// lets its locks go before the process ends, so each test has a lab of its own.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryCaches } from '../../../../tests/support/memory-caches.ts';
import { ChunkKeeper, chunkCache, type KeptMachine, listCache } from './chunk-keeper.ts';
import { chunkPath } from './chunk-store.ts';

const base = 'https://course.example/machine/';
const hashOf = (name: string) => Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);
const url = (name: string) => base + chunkPath(hashOf(name));
const hashes = (...names: string[]) => new Set(names.map(hashOf));
const day = 24 * 3600 * 1000;

let storage: MemoryCaches;
let now: number;
let labs = 0;

beforeEach(() => {
  storage = new MemoryCaches();
  now = Date.parse('2030-01-01T00:00:00Z');
  labs++;
  vi.stubGlobal('caches', storage);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Who {
  readonly lab?: string;
  readonly machines?: readonly string[];
  readonly snapshot?: string;
}
const machine = (name: string, { lab = 'lab', machines = [name], snapshot = 'new' }: Who = {}): KeptMachine => ({
  base,
  lab: { id: `${lab}-${labs}`, machines },
  name,
  snapshot,
});

/** Loads it: asks a keeper, and downloads these chunks. */
async function load(of: KeptMachine, ...names: string[]): Promise<ChunkKeeper> {
  const keeper = await ChunkKeeper.open(of, hashes(...names), () => now);
  if (keeper === undefined) throw new Error('nothing is kept here');
  await download(...names);
  return keeper;
}

async function download(...names: string[]): Promise<void> {
  for (const name of names) await storage.of(chunkCache).put(url(name), new Response(name));
}

/** What an earlier visit has left: a list without anybody who runs the machine, and its chunks. */
async function leave({ lab, name, snapshot }: KeptMachine, names: readonly string[], at = now): Promise<void> {
  await download(...names);
  await storage
    .of(listCache)
    .put(
      `${base}lists/${lab.id}/${name}/${snapshot}`,
      new Response(names.map(hashOf).join('\n'), { headers: { 'Last-Modified': new Date(at).toUTCString() } }),
    );
}

const kept = () => storage.of(chunkCache).urls.sort();
const chunks = (...names: string[]) => names.map(url).sort();
const lists = () =>
  storage
    .of(listCache)
    .urls.map((list) => list.slice(`${base}lists/`.length))
    .sort();

describe('when a machine has loaded', () => {
  it('the chunks of its older build are deleted, and those that both have stay', async () => {
    await leave(machine('host-01', { snapshot: 'old' }), ['old', 'both']);
    const keeper = await load(machine('host-01'), 'both', 'new');
    expect(kept()).toEqual(chunks('old', 'both', 'new'));
    await keeper.tidyUp(hashes('both', 'new', 'disk'));
    expect(kept()).toEqual(chunks('both', 'new'));
    expect(lists()).toEqual([`lab-${labs}/host-01/new`]);
  });

  it('chunks that no list knows, of builds before there were lists, are deleted', async () => {
    await download('ancient');
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('new'));
  });

  it('what it may still read stays, though it was read by another visit only', async () => {
    await leave(machine('host-01'), ['new', 'a piece of the disk']);
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new', 'a piece of the disk'));
    expect(kept()).toEqual(chunks('new', 'a piece of the disk'));
  });

  it('other labs keep theirs, and what they share', async () => {
    await leave(machine('host-01', { lab: 'other' }), ['shared', 'theirs']);
    await leave(machine('host-01', { snapshot: 'old' }), ['shared', 'old']);
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('shared', 'theirs', 'new'));
  });

  it('a machine whose name is that of the folder of all lists keeps its chunks', async () => {
    await leave(machine('lists', { lab: 'other' }), ['theirs']);
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('theirs', 'new'));
  });

  it('a machine that its lab does not have any more goes; the others of the lab stay', async () => {
    const both = ['host-01', 'host-02'];
    await leave(machine('host-02', { machines: both }), ['two']);
    await leave(machine('host-03', { machines: both }), ['three']);
    await (await load(machine('host-01', { machines: both }), 'one')).tidyUp(hashes('one'));
    expect(kept()).toEqual(chunks('one', 'two'));
    expect(lists()).toEqual([`lab-${labs}/host-01/new`, `lab-${labs}/host-02/new`]);
  });

  it('a lab that was not started for half a year goes; each start counts', async () => {
    await leave(machine('host-01', { lab: 'gone' }), ['gone'], now - 200 * day);
    await leave(machine('host-01', { lab: 'recent' }), ['recent'], now - 170 * day);
    const own = machine('host-01');
    await leave(own, ['new'], now - 170 * day);
    await (await load(own, 'new')).tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('new', 'recent'));
    now += 100 * day;
    await (await load(machine('host-02', { lab: 'later' }), 'later')).tidyUp(hashes('later'));
    expect(kept()).toEqual(chunks('new', 'later'));
  });

  it('this happens a while later, by itself', async () => {
    await download('ancient');
    const keeper = await load(machine('host-01'), 'new');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    keeper.loaded(() => hashes('new'));
    vi.advanceTimersByTime(4999);
    expect(lists()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    await vi.waitFor(() => expect(kept()).toEqual(chunks('new')));
  });
});

describe('another tab', () => {
  it('that runs an older build keeps all that it may read, until a later start', async () => {
    const old = await load(machine('host-01', { snapshot: 'old' }), 'old');
    await old.tidyUp(hashes('old', 'old disk'));
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new'));
    await download('old disk');
    await (await load(machine('host-01', { lab: 'third' }), 'third')).tidyUp(hashes('third'));
    expect(kept()).toEqual(chunks('old', 'old disk', 'new', 'third'));
  });

  it('that is loading loses nothing of what has arrived: nothing is deleted before it has loaded', async () => {
    await download('ancient');
    const other = await load(machine('host-01', { lab: 'other' }), 'theirs');
    await download('their disk');
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('ancient', 'theirs', 'their disk', 'new'));
    await other.tidyUp(hashes('theirs', 'their disk'));
    expect(kept()).toEqual(chunks('theirs', 'their disk', 'new'));
  });

  it('whose start is given up finds what had arrived: it is in a list from the first moment on', async () => {
    const given = await load(machine('host-01', { lab: 'cancelled' }), 'half');
    const list = `cancelled-${labs}/host-01/new`;
    expect(lists()).toEqual([list]);
    const begun = await storage.of(listCache).match(`${base}lists/${list}`);
    expect(await begun?.text()).toBe(hashOf('half'));
    // Only so that it does not seem to be loading for ever: in a browser its thread ends, and the lock with it.
    await given.tidyUp(hashes('half'));
    await (await load(machine('host-01'), 'new')).tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('half', 'new'));
  });
});

describe('storage', () => {
  it('that is full of old builds is made room in, and the list that did not fit is written then', async () => {
    await download('a rather long old chunk that fills the storage');
    // Room for a chunk beside it, not for a list.
    storage.quota = 70;
    const keeper = await load(machine('host-01'), 'new');
    await keeper.tidyUp(hashes('new', 'disk'));
    expect(kept()).toEqual(chunks('new'));
    expect(lists()).toEqual([`lab-${labs}/host-01/new`]);
  });

  it('that refuses to open, or that a page does not have, keeps nothing and is no obstacle', async () => {
    vi.stubGlobal('caches', { open: () => Promise.reject(new DOMException('denied', 'SecurityError')) });
    expect(await ChunkKeeper.open(machine('host-01'), hashes('new'), () => now)).toBeUndefined();
    vi.stubGlobal('caches', undefined);
    expect(await ChunkKeeper.open(machine('host-01'), hashes('new'), () => now)).toBeUndefined();
    // Nobody is left who seems to be loading.
    const { held = [] } = await navigator.locks.query();
    expect(held.map(({ name }) => name)).not.toContain('lockstep chunks: loading');
  });

  it('that breaks while it is tidied leaves everything as it is', async () => {
    await download('ancient');
    const keeper = await load(machine('host-01'), 'new');
    vi.stubGlobal('caches', { open: () => Promise.reject(new DOMException('gone', 'InvalidStateError')) });
    await keeper.tidyUp(hashes('new'));
    expect(kept()).toEqual(chunks('ancient', 'new'));
  });
});
