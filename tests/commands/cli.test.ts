// The command lines as a person uses them: the real programs, started anew for each test.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../src/cli/setup/root.mjs';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function program(file: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, file), ...args], { cwd: '/' }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

const lockstep = (...args: string[]): Promise<Outcome> => program('src/cli/lockstep.mjs', args);
const npmRun = (...args: string[]): Promise<Outcome> => program('src/cli/bootstrap.mjs', args);

describe('lockstep', () => {
  test.each([
    ['--help'],
    ['lab', '--help'],
    ['lab', 'list', '--help'],
    ['lab', 'run', '--help'],
    ['lab', 'shell', '--help'],
    ['record', '--help'],
    ['decode', '--help'],
    ['journey', '--help'],
    ['bench', '--help'],
  ])('%s %s %s explains itself on stdout', async (...args) => {
    const { code, stdout, stderr } = await lockstep(...args.filter((arg) => arg !== undefined));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: lockstep/);
    expect(stdout).toContain('Exit status:');
    if (['list', 'run', 'shell', 'record', 'decode', 'journey', 'bench'].some((name) => args.includes(name)))
      expect(stdout).toContain('Examples:');
  });

  test('lists the labs, for people and as one JSON object a line', async () => {
    const people = await lockstep('lab', 'list');
    expect(people.stdout).toContain('super-bridge  The super bridge (host-01)');
    const { code, stdout } = await lockstep('lab', 'list', '--json');
    expect(code).toBe(0);
    const labs = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(labs).toContainEqual(expect.objectContaining({ id: 'super-bridge', machines: ['host-01'] }));
  });

  test.each([
    [['lab', 'list', '--jsno'], "unknown option '--jsno'", 'Did you mean --json?'],
    [['lab', 'rnu'], "unknown command 'rnu'", 'Did you mean run?'],
    [['lab', 'run'], "missing required argument 'lab'", '--help'],
    [['lab', 'run', 'super-bridge', 'host-01'], 'too many arguments', '--help'],
    [['lab', 'run', 'super-bridge', '--timeout', '-3'], "'-3' is invalid", 'Seconds are a number above 0'],
    [['lab', 'run', 'super-brigde'], 'There is no lab "super-brigde".', 'Did you mean "super-bridge"?'],
    [['lab', 'run', 'super-bridge', '--exec', 'host-1: ls'], 'has no machine "host-1"', 'Did you mean "host-01"?'],
    [['lab', 'run', 'super-bridge', '--exec', 'ls'], '--exec "ls"', 'Expected "<machine>: <command>"'],
    [['lab', 'shell', 'super-bridge'], 'A shell needs a terminal', 'lockstep lab run super-bridge --exec'],
    [['record', 'super-bridge'], "missing required argument 'script'", '--help'],
    [['record', 'super-bridge', 'no-such.sh'], 'There is no script no-such.sh', 'one a line'],
    [['bench', 'no-such-bench'], 'There is no bench "no-such-bench".', 'Benches:'],
  ])('%j is refused with what would do, and nothing on stdout', async (args, wrong, hint) => {
    const { code, stdout, stderr } = await lockstep(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(wrong);
    expect(stderr).toContain(hint);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('npm run', () => {
  test('knows its verbs, and refuses others', async () => {
    const help = await npmRun('--help');
    for (const verb of ['up', 'dev', 'build', 'test', 'bench'])
      expect(help.stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    expect(await npmRun('upp')).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean up?') });
    expect(await npmRun('up', '--prot', '1', '--help')).toMatchObject({ code: 0 });
  });

  test.each([
    [['test', 'untit'], 'Did you mean "unit"?'],
    [['serve', '--port', '70000'], 'A port is a number from 0'],
    [['serve', '--prot', '80'], 'Did you mean --port?'],
  ])('%j is refused with what would do', async (args, hint) => {
    const { code, stderr } = await npmRun(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});
