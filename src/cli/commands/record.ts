// `lockstep record`: a script is typed into a lab's terminals, and what the lab showed becomes a file that pages step through.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { NatTable, parseConntrack } from '../../journey/evidence/conntrack.ts';
import type { Lab } from '../../lab/lab.ts';
import type { LabFile } from '../../lab/lab-file.ts';
import type { Recording } from '../../recording/recording.ts';
import { writeRecording } from '../../recording/write-recording.ts';
import { readLab } from '../labs.ts';
import { exitCodes } from '../program.ts';
import { Recorder } from '../record/recorder.ts';
import { parseScript, type ScriptLine } from '../record/recording-script.ts';
import { UsageError } from '../usage-error.ts';

export interface RecordOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly id: string;
  /** Path of a file, "content/recordings/first-ping.sh". */
  readonly script: string;
  /** Where the recording goes; null: beside the script, with the ending .json. */
  readonly output: string | null;
  /** For each command, ms. */
  readonly timeoutMs: number;
}

/** Bytes: what a page fetches to show one. */
const MOST = 150_000;

/** Resolves with the exit status: 0 when the file is written. */
export async function record(options: RecordOptions): Promise<number> {
  const { root, signal, id, script: path, timeoutMs } = options;
  const file = await readLab(root, id);
  const source = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`There is no script ${path}. Its commands are written one a line.`);
  });
  const script = parseScript(file, source, path);
  const name = basename(path, '.sh');
  const output = options.output ?? `${path.replace(/\.sh$/, '')}.json`;

  const { prepareLab } = await import('../start-lab.ts');
  const lab = await prepareLab({ root, signal, id });
  try {
    const recording = await recordLab(lab, { file, name, script, timeoutMs, signal });
    const text = writeRecording(recording);
    const bytes = Buffer.byteLength(text);
    if (bytes > MOST)
      throw new Error(
        `The recording has ${Math.ceil(bytes / 1000)} kB, more than ${MOST / 1000}: nothing is written. Let ${path} do less.`,
      );
    // The one before stays until this one is whole.
    await writeFile(`${output}.part`, text);
    await rename(`${output}.part`, output);
    console.error(
      `${output}: ${recording.hops.length} hops, ${recording.graphs.length} graphs, ${Math.ceil(bytes / 1000)} kB`,
    );
    return exitCodes.ok;
  } finally {
    await lab.dispose();
  }
}

export interface RecordLabOptions {
  readonly file: LabFile;
  readonly name: string;
  readonly script: readonly ScriptLine[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Starts the lab, types the script, and gives what it showed. The lab is left running. */
export async function recordLab(lab: Lab, options: RecordLabOptions): Promise<Recording> {
  const { file, name, script, timeoutMs, signal } = options;
  const recorder = new Recorder(lab);
  await lab.start();
  await kernelsKnown(lab, signal);
  let recorded: string | null = null;
  for (const line of script) {
    if (!line.prepares && recorded === null) {
      // What comes before has times of the snapshot, too: clocks are set while a lab starts.
      for (const machine of lab.machines) if (machine.can.evidence) machine.watchSockets(true);
      await Promise.all(lab.machines.map((machine) => machine.flushTap()));
      await new Promise((resolve) => setTimeout(resolve, SETTLING));
      recorder.begin();
      recorded = new Date().toISOString();
    }
    console.error(`${line.machine}# ${line.text}`);
    await recorder.type(line, timeoutMs, signal);
  }
  await Promise.all(lab.machines.map((machine) => machine.flushTap()));
  await new Promise((resolve) => setTimeout(resolve, SETTLING));
  if (recorder.lost > 0)
    throw new Error(
      `At least ${recorder.lost} packets went by that a machine's tap lost: a recording is whole. Try again.`,
    );
  // What these commands do to the network is not part of the run.
  const seen = { lab: file.id, title: file.title, script: name, recorded: recorded ?? new Date().toISOString() };
  const [first] = lab.machines;
  const software = first === undefined ? [] : await softwareOf(first);
  const conntrack = await Promise.all(lab.machines.map(conntrackOf));
  return recorder.finish({ ...seen, software, conntrack: conntrack.filter(({ text }) => text !== '') });
}

/** Ms for the last reports and the last packets. */
const SETTLING = 1500;

type Machine = Lab['machines'][number];

/** Until a kernel has told its interfaces' names, there is nothing to show. */
async function kernelsKnown(lab: Lab, signal: AbortSignal): Promise<void> {
  const end = performance.now() + 30_000;
  while (lab.machines.some((machine) => machine.kernel.value === null)) {
    signal.throwIfAborted();
    if (performance.now() > end) throw new Error('A machine of the lab did not report its interfaces within 30 s.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Debian's packages for what an episode speaks of, under the names that it uses. */
const PACKAGES = [
  ['Docker', 'docker.io'],
  ['iproute2', 'iproute2'],
  ['iptables', 'iptables'],
] as const;

async function softwareOf(machine: Machine): Promise<Recording['software']> {
  const ask = `. /etc/os-release; echo "Debian $VERSION_ID"; uname -sr; dpkg-query -W -f '\${Package} \${Version}\\n' ${PACKAGES.map(([, name]) => name).join(' ')}`;
  const { stdout } = await machine.exec(ask);
  return stdout
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [name = '', version = ''] = line.split(' ');
      return version === '' ? [] : [{ name: PACKAGES.find(([, debian]) => debian === name)?.[0] ?? name, version }];
    });
}

/** Only the entries that rewrite something: the others explain nothing. */
async function conntrackOf(machine: Machine): Promise<Recording['conntrack'][number]> {
  const { stdout } = await machine.exec('conntrack -L -o id 2>/dev/null');
  const nat = new NatTable();
  const lines = stdout.split('\n').filter((line) => parseConntrack(line, machine.name).some((entry) => nat.add(entry)));
  return { machine: machine.name, text: lines.join('\n') };
}
