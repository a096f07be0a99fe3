// The command line of this process once more, as root: a line to copy.
import { basename, dirname, join } from 'node:path';

// Where Debian's sudo looks for programs (secure_path in /etc/sudoers); a Node in somebody's home folder is not there.
const sudoFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What each program's command line begins with, and the file that it is started by. */
const programs: Readonly<Record<string, { npm(args: readonly string[]): string; file: string }>> = {
  'main.ts': {
    npm: ([verb = '', ...rest]) =>
      [verb === 'test' ? 'npm test' : `npm run ${verb}`, ...(rest.length > 0 ? ['--', ...rest] : [])].join(' '),
    file: 'bootstrap.mjs',
  },
  'lockstep.ts': { npm: (args) => ['npx lockstep', ...args].join(' '), file: 'lockstep.mjs' },
};

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** @param argv as in process.argv: the program, then its arguments */
export function asRoot(
  argv: readonly string[] = process.argv,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const [node = '', path = '', ...rest] = argv;
  const args = rest.map(quoted);
  const sudo = sudoFolders.includes(dirname(environment['npm_node_execpath'] ?? node))
    ? 'sudo'
    : 'sudo env "PATH=$PATH"';
  const program = programs[basename(path)] ?? programs['main.ts'];
  // npm 7 and 8 run scripts as the owner of the folder, and so give up what sudo gave them (npm/cli#4589).
  const npm = Number(/^npm\/(\d+)/.exec(environment['npm_config_user_agent'] ?? '')?.[1] ?? 0);
  if (program && npm >= 9) return `${sudo} ${program.npm(args)}`;
  return [sudo, 'node', quoted(join(dirname(path), program?.file ?? '')), ...args].join(' ');
}
