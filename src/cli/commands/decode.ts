// A capture file -> its packets, a line each: as a list, as columns of fields, or as JSON.
import { setFlagsFromString } from 'node:v8';
import { CaptureReader } from '../../capture/capture-reader.ts';
import type { CapturedPacket } from '../../capture/captured-packet.ts';
import { Unpacking } from '../../capture/packed/unpacking.ts';
import { dissect } from '../../packet/dissect.ts';
import type { Filter } from '../../packet/filter/compile.ts';
import type { FrameFacts } from '../../packet/filter/frame.ts';
import type { FilterPacket } from '../../packet/filter/reader.ts';
import type { Layer } from '../../packet/layer.ts';
import { Output } from '../decode/output.ts';
import { jsonLine, type PacketLine, printSummary } from '../decode/packet-lines.ts';
import { filePieces } from '../file-pieces.ts';
import { exitCodes } from '../program.ts';
import { UsageError } from '../usage-error.ts';

export interface DecodeOptions {
  readonly signal: AbortSignal;
  /** A path, or "-" for standard input. */
  readonly file: string;
  readonly json: boolean;
  /** Names of fields, with commas between them; null: no columns. */
  readonly fields: string | null;
  /** A display filter; null: all packets. */
  readonly filter: string | null;
}

/**
 * V8 spends most on functions that were called 3000 times: with one core, two fifths of what a list of 100,000 packets takes. Those
 * that are called this often are worth it. Set when everything is loaded: code that is cached goes with the flags it was made under.
 */
const PATIENT_COMPILER = '--invocation-count-for-turbofan=100000';

/** Prints the packets. Gives the exit status: 1 when the capture could be read in part only. Throws UsageError. */
export async function decode({ signal, file, json, fields, filter }: DecodeOptions): Promise<number> {
  if (json && fields !== null) throw new UsageError('--json prints every field: leave out --fields, or --json.');
  const line = json ? jsonLine : fields === null ? null : (await fieldsOption()).fieldsLine(fields);
  const matches = filter === null ? null : (await filterOption()).readFilter(filter);
  setFlagsFromString(PATIENT_COMPILER);
  const output = new Output();
  const print = packetPrinter(line, matches, output);
  let lost = 0;
  const reader = new CaptureReader((packet, interfaceName) => {
    lost += packet.lostBefore ?? 0;
    print(packet, interfaceName);
  });
  const unpacking = new Unpacking(filePieces(file));
  for await (const bytes of unpacking) {
    signal.throwIfAborted();
    reader.push(bytes);
    if (reader.error !== null || output.closed) break;
  }
  // What could not be unpacked is why the capture ends where it does.
  const error = output.closed ? null : (unpacking.error ?? reader.end());
  output.flush();
  const say = (words: string): void => console.error(`${file === '-' ? 'standard input' : file}: ${words}`);
  if (!output.closed && lost > 0) say(`Whoever captured this lost ${lost} packets, by what the file says.`);
  if (!output.closed && reader.leftOut !== '') say(reader.leftOut);
  if (error === null) return exitCodes.ok;
  say(error.message);
  return exitCodes.failed;
}

const fieldsOption = () => import('../decode/fields-option.ts');
const filterOption = () => import('../decode/filter-option.ts');

/** Prints each packet that the filter lets through; `line` null: its summary. */
function packetPrinter(line: PacketLine | null, filter: Filter | null, output: Output) {
  let number = 0;
  let first: CapturedPacket | null = null;
  return (packet: CapturedPacket, interfaceName: string): void => {
    if (output.closed) return;
    first ??= packet;
    number++;
    const timeRelative = ((packet.seconds - first.seconds) * 1e9 + packet.nanoseconds - first.nanoseconds) / 1e9;
    if (line !== null || filter !== null) {
      const frame = {
        number,
        bytes: packet.bytes,
        originalLength: packet.originalLength,
        time: packet,
        timeRelative,
        interfaceName: interfaceName === '' ? null : interfaceName,
      };
      const decoded = new Decoded(frame, packet.linkType);
      if (filter !== null && !filter.matches(decoded)) return;
      if (line !== null) {
        output.line(line(decoded));
        return;
      }
    }
    printSummary(packet, number, timeRelative, output);
  };
}

/** Dissected when a filter or a line first asks for the layers. */
class Decoded implements FilterPacket {
  readonly frame: FrameFacts;
  readonly #linkType: number;
  #layers: readonly Layer[] | null = null;

  constructor(frame: FrameFacts, linkType: number) {
    this.frame = frame;
    this.#linkType = linkType;
  }

  get layers(): readonly Layer[] {
    this.#layers ??= dissect(this.frame.bytes, this.#linkType, this.frame.originalLength);
    return this.#layers;
  }
}
