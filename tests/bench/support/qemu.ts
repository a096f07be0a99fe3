// The rival of the emulator in the page: QEMU's TCG, which translates to the computer's own code, with the same kernel, disk and
// memory, a processor, and a terminal on the same console.
import { spawn } from 'node:child_process';
import type { Image } from '../../../src/cli/builder/image.ts';
import { kernelCommandLine } from '../../../src/cli/builder/snapshot.ts';

export interface QemuGuest {
  /** Types a line, and resolves with the seconds from Enter until what the terminal shows matches. */
  run(line: string, until: RegExp): Promise<number>;
  close(): void;
}

/** ms */
const patience = 600_000;

/** Switches one on, and resolves when its shell waits. Its disk is thrown away with it. */
export async function startQemu(image: Image, memory: number, signal: AbortSignal): Promise<QemuGuest> {
  const machine = ['-accel', 'tcg', '-m', String(memory), '-nographic', '-nodefaults', '-no-reboot'];
  const boot = ['-kernel', image.kernel, '-initrd', image.initrd, '-append', kernelCommandLine()];
  const disk = ['-drive', `file=${image.disk},format=raw,if=ide,snapshot=on`];
  const terminal = ['-chardev', 'stdio,id=terminal,signal=off', '-device', 'virtconsole,chardev=terminal'];
  const program = spawn(
    'qemu-system-i386',
    [...machine, ...boot, ...disk, '-device', 'virtio-serial', ...terminal, '-serial', 'null'],
    { stdio: ['pipe', 'pipe', 'pipe'], signal },
  );
  let shown = '';
  let problem = '';
  let looks = (): void => {};
  program.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString('latin1');
    looks();
  });
  program.stderr.on('data', (bytes: Buffer) => {
    problem += bytes.toString();
  });
  const ended = new Promise<never>((_, reject) => {
    program.on('error', reject);
    program.on('exit', (status) => reject(new Error(`QEMU ended with status ${status}: ${problem}`)));
  });
  ended.catch(() => {});
  async function see(pattern: RegExp, from: number): Promise<void> {
    const late = AbortSignal.timeout(patience);
    const seen = new Promise<void>((resolve, reject) => {
      late.onabort = () =>
        reject(new Error(`${pattern} did not come within ${patience / 1000} s: ${shown.slice(-500)}`));
      looks = () => {
        if (pattern.test(shown.slice(from))) resolve();
      };
      looks();
    });
    await Promise.race([seen, ended]);
    late.onabort = null;
  }
  await see(/# $/, 0);
  return {
    async run(line, until) {
      const from = shown.length;
      const start = performance.now();
      program.stdin.write(`${line}\r`);
      await see(until, from);
      return (performance.now() - start) / 1000;
    },
    close: () => program.kill(),
  };
}
