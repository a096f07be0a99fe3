// Asks Debian's tshark for the fields of a capture, packet by packet and occurrence by occurrence.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SEPARATOR = '\t';
/** Not a comma: dates and header lines have commas of their own. */
const AGGREGATOR = '\x1f';

/** Each packet alone, as our decoder sees it: no reassembly, no numbers relative to earlier packets. */
const STATELESS = [
  'tcp.relative_sequence_numbers:FALSE',
  'tcp.analyze_sequence_numbers:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
  'sctp.relative_tsns:FALSE',
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
];
/** Off by default; in the packet list, they put "[CHECKSUM INCORRECT]" on every packet that was left for a NIC to finish. */
const VERIFIED = ['ip.check_checksum:TRUE', 'tcp.check_checksum:TRUE', 'udp.check_checksum:TRUE'];

/** Ports that Debian's tshark does not know by itself. */
const DECODE_AS = ['-d', 'udp.port==8472,vxlan', '-d', 'udp.port==8285,ip', '-d', 'tcp.port==2379,http2'];

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  return execFileSync('tshark', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'], // its warning about running as root goes to stderr
    // Dates are UTC's here.
    env: { ...process.env, TZ: 'UTC', ...env },
  });
}

const preferred = (preferences: readonly string[]): string[] => preferences.flatMap((preference) => ['-o', preference]);

/** Every packet's occurrences of every field, as `tshark -T fields` prints them: packets[n].get('ip.src') is a list. */
export function tsharkFields(
  file: string,
  names: readonly string[],
  preferences: readonly string[] = [...STATELESS, ...VERIFIED],
): ReadonlyMap<string, readonly string[]>[] {
  const wanted = names.flatMap((name) => ['-e', name]);
  const output = run([
    '-n',
    ...preferred(preferences),
    ...DECODE_AS,
    '-r',
    file,
    '-T',
    'fields',
    '-E',
    `aggregator=${AGGREGATOR}`,
    ...wanted,
  ]);
  const lines = output.split('\n').slice(0, -1);
  return lines.map((line) => {
    const columns = line.split(SEPARATOR);
    return new Map(
      names.map((name, i) => [name, columns[i] === '' || columns[i] === undefined ? [] : columns[i].split(AGGREGATOR)]),
    );
  });
}

export interface TsharkLine {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly info: string;
}

/** The columns of the packet list. */
export function tsharkSummaries(file: string): TsharkLine[] {
  const columns = ['Source', 'Destination', 'Protocol', 'Info'].map((column) => `_ws.col.${column}`);
  return tsharkFields(file, columns, STATELESS).map((packet) => {
    const [source = '', destination = '', protocol = '', info = ''] = columns.map(
      (column) => packet.get(column)?.join('') ?? '',
    );
    return { source, destination, protocol, info };
  });
}

/** Source and destination of every packet, under the names that the capture itself has for them. */
export function tsharkHosts(file: string): string[] {
  return run(['-N', 'n', '-r', file, '-T', 'fields', '-e', 'ip.src_host', '-e', 'ip.dst_host'])
    .split('\n')
    .slice(0, -1);
}

/**
 * Which packets of a capture each display filter lets through, as `tshark -Y` would say; or, where tshark refuses a filter, why.
 * One run for all of them: filters.lua hangs each on a listener of its own.
 */
export function tsharkFilters(file: string, filters: readonly string[]): readonly (readonly number[] | string)[] {
  const script = fileURLToPath(new URL('filters.lua', import.meta.url));
  const output = run(
    ['-q', '-n', ...preferred([...STATELESS, ...VERIFIED]), ...DECODE_AS, '-X', `lua_script:${script}`, '-r', file],
    { FILTERS: filters.join('\n') },
  );
  const answers = output.split('\n').filter((line) => line !== '');
  return answers.map((line) => {
    const [kind, rest = ''] = [line.slice(0, 1), line.slice(2)];
    if (kind === '!') return rest;
    return rest === '' ? [] : rest.split(',').map(Number);
  });
}
