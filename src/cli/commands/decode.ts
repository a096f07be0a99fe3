// A capture file -> its packets, a line each: as a list, as columns of fields, or as JSON.
import { setFlagsFromString } from 'node:v8';
import { CaptureReader } from '../../capture/capture-reader.ts';
import type { CapturedPacket, Timestamp } from '../../capture/captured-packet.ts';
import { Unpacking } from '../../capture/packed/unpacking.ts';
import { dissect } from '../../packet/dissect.ts';
import type { Filter } from '../../packet/filter/compile.ts';
import type { FrameFacts } from '../../packet/filter/frame.ts';
import type { FilterPacket } from '../../packet/filter/reader.ts';
import type { Layer } from '../../packet/layer.ts';
import type { TcpFacts } from '../../packet/stream/tcp-facts.ts';
import { Watcher } from '../../packet/stream/watcher.ts';
import { plainSegment } from '../../packet/tcp-segment.ts';
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

/** What a packet is decoded into is thrown away with it: room for more of it only makes the process larger, by 30 MB. */
const SMALL_YOUNG_SPACE = '--semi-space-growth-factor=1';

/** Prints the packets. Gives the exit status: 1 when the capture could be read in part only. Throws UsageError. */
export async function decode({ signal, file, json, fields, filter }: DecodeOptions): Promise<number> {
  if (json && fields !== null) throw new UsageError('--json prints every field: leave out --fields, or --json.');
  const columns = fields === null ? null : (await fieldsOption()).fieldsLine(fields);
  const line = json ? jsonLine : (columns?.line ?? null);
  const matches = filter === null ? null : (await filterOption()).readFilter(filter);
  // Looking at what came before costs as much as decoding: only where somebody asks.
  const isAsked = columns === null || columns.needsConversations || matches?.needsConversations === true;
  setFlagsFromString(PATIENT_COMPILER);
  setFlagsFromString(SMALL_YOUNG_SPACE);
  const output = new Output();
  const print = packetPrinter(line, matches?.filter ?? null, isAsked ? new Watcher() : null, output);
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

/** Prints each packet that the filter lets through; `line` null: its summary; `watcher` null: nobody asks for what came before. */
function packetPrinter(line: PacketLine | null, filter: Filter | null, watcher: Watcher | null, output: Output) {
  let number = 0;
  let first: Timestamp | null = null;
  let last: Timestamp | null = null;
  let displayed: Timestamp | null = null;
  return (packet: CapturedPacket, interfaceName: string): void => {
    if (output.closed) return;
    first ??= { seconds: packet.seconds, nanoseconds: packet.nanoseconds };
    number++;
    const timeRelative = between(first, packet);
    const facts = watcher === null ? null : watcher.see(packet, number, interfaceName);
    if (line !== null || filter !== null) {
      const time = { seconds: packet.seconds, nanoseconds: packet.nanoseconds };
      const frame = {
        number,
        bytes: packet.bytes,
        originalLength: packet.originalLength,
        time,
        timeRelative,
        timeDelta: between(last ?? time, time),
        timeDeltaDisplayed: between(displayed ?? time, time),
        interfaceName: interfaceName === '' ? null : interfaceName,
      };
      last = time;
      const decoded = new Decoded(frame, packet.linkType, facts);
      if (filter !== null && !filter.matches(decoded)) return;
      displayed = time;
      if (line !== null) {
        output.line(line(decoded));
        return;
      }
    }
    const segment = facts === null || watcher === null ? null : plainSegment(watcher.place, facts);
    printSummary(packet, number, timeRelative, segment, facts, output);
  };
}

/** Seconds from one moment to another. */
const between = (from: Timestamp, to: Timestamp): number =>
  ((to.seconds - from.seconds) * 1e9 + to.nanoseconds - from.nanoseconds) / 1e9;

/** Dissected when a filter or a line first asks for the layers. */
class Decoded implements FilterPacket {
  readonly frame: FrameFacts;
  readonly #linkType: number;
  readonly #facts: TcpFacts | null;
  #layers: readonly Layer[] | null = null;

  constructor(frame: FrameFacts, linkType: number, facts: TcpFacts | null) {
    this.frame = frame;
    this.#linkType = linkType;
    this.#facts = facts;
  }

  get layers(): readonly Layer[] {
    this.#layers ??= dissect(this.frame.bytes, this.#linkType, this.frame.originalLength, this.#facts);
    return this.#layers;
  }
}
