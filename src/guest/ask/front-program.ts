// Which program is in front on a console: the one that gets what is typed there.
import { visible } from '../../basics/visible.ts';
import type { Asked } from '../guest.ts';

export interface FrontProgram {
  /** As it was called, made harmless to show and not longer than a line. */
  readonly words: string;
  /** The console's own shell: nothing else is in front. */
  readonly isOwnShell: boolean;
  /** Another shell, here or in a container: what is typed is a command to it as well. */
  readonly isShell: boolean;
}

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'busybox']);
const longest = 60;
const patience = 10_000;

/** null when the guest does not say, or nothing is in front. */
export async function frontProgram(machine: Asked, console: number): Promise<FrontProgram | null> {
  const answer = await machine
    .exec(`ps -ww -t hvc${console} -o stat= -o args=`, { timeout: patience })
    .catch(() => null);
  return answer === null ? null : parseFront(answer.stdout);
}

/** Of what ps says: "+" is in front, "s" leads the session, which is the console's own shell. */
export function parseFront(text: string): FrontProgram | null {
  const front = text.split('\n').flatMap((line) => {
    const [, stat = '', args = ''] = /^\s*(\S+)\s+(.*\S)/.exec(line) ?? [];
    return stat.includes('+') ? [{ stat, args }] : [];
  });
  const first = front.find(({ stat }) => !stat.includes('s')) ?? front[0];
  if (first === undefined) return null;
  return calledBy(first.args, first.stat.includes('s'));
}

/** Of a program that was called by these words. */
export function calledBy(args: string, isOwnShell = false): FrontProgram {
  const words = visible(args);
  return {
    words: words.length > longest ? `${words.slice(0, longest - 1)}…` : words,
    isOwnShell,
    isShell: isShell(args),
  };
}

/** "bash", "-bash", "docker exec -it web sh", "nsenter -t 812 -n -- /bin/bash -l" */
function isShell(args: string): boolean {
  const words = args.split(/\s+/);
  const last = words.filter((word, at) => at === 0 || !word.startsWith('-')).at(-1) ?? '';
  const name = last.replace(/^-/, '').split('/').at(-1) ?? '';
  return shells.has(name);
}
