// Builds in a process of its own, and shows here how far it is: what `up` and `dev` have instead of building themselves.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BuildReport, type BuildStatus, buildReport } from '../progress/build-report.ts';
import type { Progress } from '../progress/progress.ts';
import type { LabStatus } from '../serve/lab-assets.ts';
import type { BuildMessage, StartBuild } from './messages.ts';

export interface BuildProcessOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  /** Names of the labs that will be built. */
  readonly labs: readonly string[];
  readonly site: boolean;
  /** Where a person sees the steps. */
  readonly display: Progress;
  /** For people: text that belongs to no step. */
  readonly say: (text: string) => void;
  /** The program; a test has its own. */
  readonly program?: string;
}

const builder = fileURLToPath(new URL('./child.ts', import.meta.url));
const compileCache = new URL('../setup/compile-cache.mjs', import.meta.url).href;
const keptCharacters = 2000;

/** A build that goes on in another process. */
export class BuildProcess implements LabStatus {
  /** Resolves when the site can be served. Rejects when that will not be. */
  readonly siteReady: Promise<void>;
  /** Resolves when everything is built and the process is gone; rejects with what went wrong. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #labs = new Map<string, BuildStatus>();
  #isAsked = false;

  constructor({ root, signal, labs, site, display, say, program = builder }: BuildProcessOptions) {
    signal.throwIfAborted();
    for (const id of labs)
      this.#labs.set(id, {
        ...{ steps: [], startedAt: Date.now(), outcome: 'building', message: '', endedAt: null },
        expectation: { seconds: {}, defaultSeconds: 60 },
      });
    // In a group of its own: Ctrl-C on a terminal reaches this process, which passes it on once. Twice would mean "at once".
    const child = fork(program, {
      cwd: root,
      detached: true,
      execArgv: ['--import', compileCache],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child = child;
    const askToStop = (): void => this.#askToStop();
    signal.addEventListener('abort', askToStop, { once: true });
    // process.exit() leaves no time to tidy up. Where it was asked already, a second signal says so there, too.
    const atExit = (): void => void child.kill('SIGTERM');
    process.once('exit', atExit);

    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      said = (said + text).slice(-keptCharacters);
    });
    const show = display.mirror();
    const whenSite = Promise.withResolvers<void>();
    let end: Extract<BuildMessage, { kind: 'end' }> | null = null;
    child.on('message', (message: BuildMessage) => {
      if (message.kind === 'say') say(message.text);
      else if (message.kind === 'step') show(message.index, message.step);
      else if (message.kind === 'site-ready') whenSite.resolve();
      else if (message.kind === 'end') end = message;
      else this.#labs.set(message.id, message.status);
    });
    this.ended = new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`The build could not be started: ${error.message}`)));
      // "close" comes when all that it said has been read.
      child.once('close', (code, by) => {
        if (signal.aborted) return reject(signal.reason);
        if (end === null) return reject(new Error(wordsOfCrash(code, by, said)));
        if (end.failure !== null) return reject(new Error(end.failure));
        resolve();
      });
    }).finally(() => {
      signal.removeEventListener('abort', askToStop);
      process.removeListener('exit', atExit);
    });
    this.ended.catch((error: unknown) => {
      display.failRunning(error);
      this.#failRest(error);
      whenSite.reject(error);
    });
    this.siteReady = whenSite.promise;
    this.siteReady.catch(() => {});
    child.send({ root, site, argv: process.argv } satisfies StartBuild, () => {});
  }

  report(lab: string): BuildReport | null {
    const status = this.#labs.get(lab);
    return status ? buildReport(status, Date.now()) : null;
  }

  /** Ends the process, and waits until it has tidied up. */
  async stop(): Promise<void> {
    this.#askToStop();
    await this.ended.catch(() => {});
  }

  /** Once: a second signal would mean "at once". */
  #askToStop(): void {
    if (!this.#isAsked) this.#child.kill('SIGTERM');
    this.#isAsked = true;
  }

  #failRest(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const endedAt = Date.now();
    for (const [id, status] of this.#labs) {
      if (status.outcome !== 'building') continue;
      const steps = status.steps.map((step) =>
        step.state === 'running' ? { ...step, state: 'failed' as const, endedAt } : step,
      );
      this.#labs.set(id, { ...status, steps, outcome: 'failed', message, endedAt });
    }
  }
}

/** What to say of a build that ended without a word. */
function wordsOfCrash(code: number | null, by: NodeJS.Signals | null, said: string): string {
  const how = by === null ? `with exit status ${code}` : `by ${by}`;
  const why = by === 'SIGKILL' ? ' The system does that to programs when memory runs out.' : '';
  const words = said.trim().split('\n').slice(-12).join('\n');
  return `The process that builds was ended ${how}, in the middle of its work.${why} Run the same command again: what is whole is kept.${words === '' ? '' : `\nIt last said:\n${words}`}`;
}
