// The fields that no header has: what whoever captured the packet knows of it.
import type { KnownField } from '../field.ts';

/** What the caller says of a packet; all of it may be asked for in a filter as frame.… */
export interface FrameFacts {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Bytes of the packet before the capture cut it. */
  readonly originalLength: number;
  /** Since the epoch; in two numbers, because one cannot hold nanoseconds. */
  readonly time: { readonly seconds: number; readonly nanoseconds: number };
  /** Seconds since the first packet of the capture or run. */
  readonly timeRelative: number;
  /** "host-01/docker0"; null where the capture does not say. */
  readonly interfaceName: string | null;
}

type FrameField = Omit<KnownField, 'type'> & {
  readonly type: 'uint32' | 'string' | 'time' | 'protocol';
  readonly read: (frame: FrameFacts) => number | string | Uint8Array | null;
};

export const FRAME_FIELDS: readonly FrameField[] = [
  { name: 'frame', type: 'protocol', about: 'The whole packet, as it was captured.', read: ({ bytes }) => bytes },
  { name: 'frame.number', type: 'uint32', about: 'The packet’s place in the list.', read: ({ number }) => number },
  {
    name: 'frame.len',
    type: 'uint32',
    about: 'Bytes of the packet, as it was on the wire.',
    read: ({ originalLength }) => originalLength,
  },
  {
    name: 'frame.cap_len',
    type: 'uint32',
    about: 'Bytes of the packet that the capture kept.',
    read: ({ bytes }) => bytes.length,
  },
  {
    name: 'frame.time_relative',
    type: 'time',
    about: 'Seconds since the first packet.',
    read: ({ timeRelative }) => timeRelative,
  },
  {
    name: 'frame.time_epoch',
    type: 'time',
    about: 'Seconds since 1 January 1970.',
    read: ({ time }) => time.seconds + time.nanoseconds / 1e9,
  },
  {
    name: 'frame.interface_name',
    type: 'string',
    about: 'Where the packet was seen: machine and device.',
    read: ({ interfaceName }) => interfaceName,
  },
];
