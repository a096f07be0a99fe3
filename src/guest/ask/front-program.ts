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
  return isShellCall(args.split(/\s+/));
}

function isShellCall([program = '', ...rest]: readonly string[]): boolean {
  const name = nameOf(program);
  if (name === 'busybox' && rest.length > 0) return isShellCall(rest);
  if (shells.has(name)) return rest.every((word) => word.startsWith('-'));
  // What is called is the rest, as it stands.
  if (/^(?:sudo|env|setsid)$/.test(name)) {
    const at = rest.findIndex((word) => !word.startsWith('-') && !/^\w+=/.test(word));
    return at >= 0 && isShellCall(rest.slice(at));
  }
  return shells.has(nameOf(rest.findLast((word) => !word.startsWith('-')) ?? '')) && handsOver(name, rest);
}

const nameOf = (word: string): string => word.replace(/^-/, '').split('/').at(-1) ?? '';

/** A call that ends with what is to run, there or elsewhere, and gives it what is typed. */
function handsOver(name: string, rest: readonly string[]): boolean {
  const at = rest.findIndex((word) => word === 'exec' || word === 'run');
  if (/^(?:docker|podman|nerdctl|kubectl|crictl|lxc)$/.test(name))
    return (
      at >= 0 &&
      // `docker compose exec` and `lxc exec` hand a terminal over without being asked.
      (rest[0] === 'compose' || name === 'lxc' || rest.slice(at).some((word) => interactive.test(word)))
    );
  if (name === 'ip') return rest.includes('netns') && rest.includes('exec');
  return /^(?:nsenter|chroot|unshare|su|ssh)$/.test(name);
}

/** "-it", "-i", "--tty". */
const interactive = /^(?:-[a-z]{0,4}[it][a-z]{0,4}|--interactive|--tty)$/;
