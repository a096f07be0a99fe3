// The fields that no header has: what whoever captured the packet knows of it.
import type { KnownField } from '../field.ts';
import { protocolsOf } from '../protocols.ts';
import { nanosecondsOf, type Timestamp } from './moments.ts';
import type { FilterPacket } from './reader.ts';

/** What the caller says of a packet; all of it may be asked for in a filter as frame.… */
export interface FrameFacts {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Bytes of the packet before the capture cut it. */
  readonly originalLength: number;
  /** Since the epoch; in two numbers, because one cannot hold nanoseconds. */
  readonly time: Timestamp;
  /** Seconds since the first packet of the capture or run. */
  readonly timeRelative: number;
  /** Seconds since the packet before it, and since the last one before it that a filter let through; left out or null where nobody counts. */
  readonly timeDelta?: number | null;
  readonly timeDeltaDisplayed?: number | null;
  /** "host-01/docker0"; null where the capture does not say. */
  readonly interfaceName: string | null;
}

type FrameField = Omit<KnownField, 'type'> & {
  readonly type: 'uint32' | 'string' | 'time' | 'absolute_time' | 'protocol';
  readonly read: (packet: FilterPacket) => number | bigint | string | Uint8Array | null;
};

export const FRAME_FIELDS: readonly FrameField[] = [
  {
    name: 'frame',
    type: 'protocol',
    about: 'The whole packet, as it was captured.',
    read: ({ frame: { bytes } }) => bytes,
  },
  {
    name: 'frame.number',
    type: 'uint32',
    about: 'The packet’s place in the list.',
    read: ({ frame: { number } }) => number,
  },
  {
    name: 'frame.len',
    type: 'uint32',
    about: 'Bytes of the packet, as it was on the wire.',
    read: ({ frame: { originalLength } }) => originalLength,
  },
  {
    name: 'frame.cap_len',
    type: 'uint32',
    about: 'Bytes of the packet that the capture kept.',
    read: ({ frame: { bytes } }) => bytes.length,
  },
  {
    name: 'frame.time_relative',
    type: 'time',
    about: 'Seconds since the first packet.',
    read: ({ frame: { timeRelative } }) => timeRelative,
  },
  {
    name: 'frame.time_epoch',
    type: 'time',
    about: 'Seconds since 1 January 1970.',
    read: ({ frame: { time } }) => time.seconds + time.nanoseconds / 1e9,
  },
  {
    name: 'frame.time',
    type: 'absolute_time',
    about: 'When the packet was seen, by the clock of whoever captured it (UTC).',
    read: ({ frame: { time } }) => nanosecondsOf(time),
  },
  {
    name: 'frame.time_delta',
    type: 'time',
    about: 'Seconds since the packet before it.',
    read: ({ frame: { timeDelta } }) => timeDelta ?? null,
  },
  {
    name: 'frame.time_delta_displayed',
    type: 'time',
    about: 'Seconds since the last packet before it that the filter let through.',
    read: ({ frame: { timeDeltaDisplayed } }) => timeDeltaDisplayed ?? null,
  },
  {
    name: 'frame.protocols',
    type: 'string',
    about: 'The protocols of the packet, from the outside in.',
    read: ({ layers }) => protocolsOf(layers),
  },
  {
    name: 'frame.interface_name',
    type: 'string',
    about: 'Where the packet was seen: machine and device.',
    read: ({ frame: { interfaceName } }) => interfaceName,
  },
];
