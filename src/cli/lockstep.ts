// `npx lockstep`: labs without a browser. What tests, authors and CI use. Each command's
// code is loaded when it is asked for, so that help and listings are instant.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { interruptSignal } from './interrupt.ts';
import { createProgram, runProgram } from './program.ts';
import { root } from './setup/root.mjs';

const signal = interruptSignal();

/** Seconds on the command line, ms for us. */
function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || value > 86_400)
    throw new InvalidArgumentError('Seconds are a number above 0, at most 86400.');
  return Math.ceil(value * 1000);
}

const append = (value: string, before: string[]): string[] => [...before, value];

function examples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${lines.map((line) => (line.startsWith(' ') ? `    ${line}` : `  $ ${line}`)).join('\n')}`,
  );
}

const program = createProgram('lockstep', 'Kubernetes networking, one packet at a time: labs without a browser.');
const lab = program
  .command('lab')
  .description('labs: list them, run commands in them, open a terminal')
  .helpCommand(false);

examples(
  lab
    .command('list')
    .description('list the labs of this checkout')
    .option('--json', 'one JSON object a line')
    .action(async (options: { json?: boolean }) => {
      const { labList } = await import('./commands/lab-list.ts');
      await labList({ root, json: options.json ?? false });
    }),
  'lockstep lab list',
  'lockstep lab list --json',
);

interface LabRunFlags {
  readonly exec: string[];
  readonly capture?: string;
  readonly json?: boolean;
  readonly timeout: number;
}

examples(
  lab
    .command('run')
    .description('start a lab with the engine of the page, run commands in it one after the other, and end it')
    .argument('<lab>', 'its name, as `lockstep lab list` shows it')
    .addOption(
      new Option('--exec <"machine: command">', 'a command for /bin/sh on a machine; can be given several times')
        .argParser(append)
        .default([], 'none'),
    )
    .option(
      '--capture <file>',
      'write every packet that the taps see to this pcapng file, and what the machines know of them (lockstep journey reads it)',
    )
    .option('--json', 'one JSON object a command on stdout, and nothing else')
    .addOption(
      new Option('--timeout <seconds>', 'how long a command may take before it counts as failed (exit status 124)')
        .argParser(seconds)
        .default(60_000, '60'),
    )
    .action(async (id: string, flags: LabRunFlags) => {
      const { exec, capture = null, json = false, timeout } = flags;
      const { labRun } = await import('./commands/lab-run.ts');
      process.exitCode = await labRun({ root, signal, id, exec, capture, json, timeoutMs: timeout });
    }),
  'lockstep lab run super-bridge --exec "host-01: ip -br addr"',
  'lockstep lab run super-bridge --capture ping.pcapng \\',
  '  --exec "host-01: docker run -d --name web whoami" \\',
  '  --exec "host-01: docker run --rm toolbox ping -c 3 172.17.0.2"',
);

examples(
  lab
    .command('shell')
    .description('start a lab and open a terminal of one of its machines; Ctrl-] leaves')
    .argument('<lab>', 'its name, as `lockstep lab list` shows it')
    .argument('[machine]', 'the first one when left out')
    .action(async (id: string, machine: string | undefined) => {
      const { labShell } = await import('./commands/lab-shell.ts');
      process.exitCode = await labShell({ root, signal, id, machine: machine ?? null });
    }),
  'lockstep lab shell super-bridge',
  'lockstep lab shell super-bridge host-01',
);

examples(
  program
    .command('record')
    .description('type a script into a lab’s terminal, and save what the lab showed for pages to step through')
    .argument('<lab>', 'its name, as `lockstep lab list` shows it')
    .argument('<script>', 'a file with one command a line; `# on host-02` goes to that machine’s terminal')
    .option('-o, --output <file>', 'where the recording goes (default: beside the script, with the ending .json)')
    .addOption(
      new Option('--timeout <seconds>', 'how long a command may take until its prompt is back')
        .argParser(seconds)
        .default(120_000, '120'),
    )
    .action(async (id: string, script: string, flags: { output?: string; timeout: number }) => {
      const { output = null, timeout } = flags;
      const { record } = await import('./commands/record.ts');
      process.exitCode = await record({ root, signal, id, script, output, timeoutMs: timeout });
    }),
  'lockstep record super-bridge content/recordings/first-ping.sh',
);

examples(
  program
    .command('decode')
    .description('print the packets of a capture: a line each, or fields, or everything as JSON')
    .argument('<file>', 'pcap or pcapng, also packed by gzip or zstd; - reads standard input')
    .addOption(new Option('--json', 'one JSON object a packet, with every field of every layer').conflicts('fields'))
    .option('--fields <names>', 'these fields with tabs between them: ip.src,vxlan.vni; frame.number is the packet’s')
    .option('-Y, --filter <filter>', 'only packets that a display filter lets through, in Wireshark’s language')
    .action(async (file: string, flags: { json?: boolean; fields?: string; filter?: string }) => {
      const { json = false, fields = null, filter = null } = flags;
      const { decode } = await import('./commands/decode.ts');
      process.exitCode = await decode({ signal, file, json, fields, filter });
    }),
  'lockstep decode ping.pcapng',
  'lockstep decode ping.pcapng -Y "icmp.type == 8 and ip.src == 172.17.0.0/16"',
  'lockstep decode uplink.pcap --fields frame.number,ip.src,ip.dst,vxlan.vni',
  'tcpdump -U -w - | lockstep decode - --json',
);

examples(
  program
    .command('journey')
    .description(
      'follow each packet of some captures: its way through every device, what each hop changed, how it ended',
    )
    .argument(
      '<files...>',
      'pcap or pcapng, also packed by gzip or zstd; an interface named machine/device says where (a file: machine@device.pcap)',
    )
    .option('--json', 'one JSON object a journey')
    .addOption(
      new Option(
        '--evidence <"machine: file">',
        'what else is known of a machine: the output of conntrack -L or -E, xtables-monitor --trace, nft monitor trace, or ip -j -d addr; can be given several times',
      )
        .argParser(append)
        .default([], 'none'),
    )
    .action(async (files: string[], { json = false, evidence }: { json?: boolean; evidence: string[] }) => {
      const { journey } = await import('./commands/journey.ts');
      process.exitCode = await journey({ files, evidence, json });
    }),
  'lockstep journey ping.pcapng',
  'lockstep journey host-01@docker0.pcap host-02.pcapng --evidence "host-01: conntrack.txt" --json',
);

examples(
  program
    .command('bench')
    .description('measure what the README states, beside its target')
    .argument('[name]', 'only the bench of this name')
    .option('--json', 'one JSON object a line')
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      const { bench } = await import('./commands/bench.ts');
      process.exitCode = await bench({ root, signal, name: name ?? null, json: options.json ?? false });
    }),
  'lockstep bench',
  'lockstep bench --json',
);

await runProgram(program, process.argv);
