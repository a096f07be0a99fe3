// The verbs behind `npm run up | dev | build | test | fuzz | bench`; bootstrap.mjs has seen to the packages.
// Each verb's code is loaded when it is asked for: help is instant, and lint runs while the build is in pieces.
import { type Command, InvalidArgumentError } from 'commander';
import type { ServeOptions } from './commands/up.ts';
import { interruptSignal } from './interrupt.ts';
import { createProgram, runProgram } from './program.ts';
import { root } from './setup/root.mjs';
import { parseStageNames, stageNames } from './tester/stages.ts';

const signal = interruptSignal();
const program = createProgram('npm run', 'Kubernetes networking, one packet at a time.');

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
  return port;
}

function whatToFuzz(text: string): number | 'journeys' {
  if (text === 'journeys') return text;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 1e9)
    throw new InvalidArgumentError('Packets are counted from 1 to 1000000000; "journeys" tries journeys.');
  return count;
}

/** From 1 to as many. */
const countUpTo =
  (most: number) =>
  (text: string): number => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
    return count;
  };

function withAddress(command: Command): Command {
  return command
    .option('--host <address>', 'the address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--port <number>', 'the port to listen on', portNumber, 4321);
}

function serveOptions(command: Command): ServeOptions {
  const { host, port } = command.opts<{ host: string; port: number }>();
  return { root, signal, host, port, portIsGiven: command.getOptionValueSource('port') === 'cli' };
}

withAddress(program.command('up'))
  .description('build what is missing, and serve the site (options after --: npm run up -- --port 8080)')
  .action(async (_options, command: Command) => {
    const { up } = await import('./commands/up.ts');
    await up(serveOptions(command));
  });

withAddress(program.command('dev'))
  .description('serve with hot reload of episodes and code')
  .action(async (_options, command: Command) => {
    const { dev } = await import('./commands/dev.ts');
    await dev(serveOptions(command));
  });

withAddress(program.command('serve'))
  .description('serve dist/ as it is')
  .action(async (_options, command: Command) => {
    const { serve } = await import('./commands/serve.ts');
    await serve(serveOptions(command));
  });

program
  .command('build')
  .description('build everything into dist/, without serving it')
  .action(async () => {
    const { buildAll } = await import('./builder/build-all.ts');
    await buildAll({ root, signal, output: process.stdout });
  });

program
  .command('test')
  .description(`run the tests: ${stageNames.join(', ')}`)
  .argument('[stages...]', 'only these')
  .option(
    '--changed [commit]',
    'only what a change since a commit can have broken; by default since this branch left main',
  )
  .action(async (names: string[], { changed }: { changed?: string | true }) => {
    const { test } = await import('./tester/run-stages.ts');
    process.exitCode = await test({ root, signal, stages: parseStageNames(names), changed });
  });

program
  .command('fuzz')
  .description('decode a million mutated packets; or hold journeys against real traffic in network namespaces')
  .argument('[packets]', 'that many, or "journeys"', whatToFuzz, 1_000_000)
  .option('--minutes <number>', 'of journeys: how long', countUpTo(10_000), 10)
  .option('--seed <number>', 'of journeys: of the first network; the next ones count on', countUpTo(0x7fff_ffff), 1)
  .option('--looks <number>', 'of journeys: how often each network is looked at, in ten ways', countUpTo(1000), 1)
  .option('--lab <id>', 'of journeys: in the first machine of this lab, not on this computer')
  .action(
    async (what: number | 'journeys', options: { minutes: number; seed: number; looks: number; lab?: string }) => {
      const { fuzz, fuzzJourneys } = await import('./commands/fuzz.ts');
      process.exitCode =
        what === 'journeys'
          ? await fuzzJourneys({ root, signal, ...options })
          : await fuzz({ root, signal, packets: what });
    },
  );

program
  .command('bench')
  .description('measure what the README states')
  .argument('[name]', 'only the bench of this name')
  .option('--json', 'one JSON object a line')
  .action(async (name: string | undefined, options: { json?: boolean }) => {
    const { bench } = await import('./commands/bench.ts');
    process.exitCode = await bench({ root, signal, name: name ?? null, json: options.json ?? false });
  });

await runProgram(program, process.argv);
