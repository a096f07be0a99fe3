// One packet out of a capture, whatever its format was.

/** A moment since the epoch, exact to the nanosecond: a double of seconds holds microseconds only. */
export interface Timestamp {
  readonly seconds: number;
  /** 0 to 999 999 999. */
  readonly nanoseconds: number;
}

export interface CapturedPacket extends Timestamp {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Bytes of the packet before the capture cut it. */
  readonly originalLength: number;
}

/** Why a capture cannot be read further: what, where, and what to do about it. */
export class CaptureError extends Error {
  override readonly name: string = 'CaptureError';
  /** Bytes from the beginning of the file or stream. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Seconds since the epoch as one number, to the microsecond: what the taps and the page use. */
export function secondsOf(time: Timestamp): number {
  return time.seconds + Math.floor(time.nanoseconds / 1000) / 1e6;
}

/** The microsecond nearest to a number of seconds since the epoch. */
export function timestampOf(seconds: number): Timestamp {
  const whole = Math.floor(seconds);
  const microseconds = Math.round((seconds - whole) * 1e6);
  return microseconds === 1e6
    ? { seconds: whole + 1, nanoseconds: 0 }
    : { seconds: whole, nanoseconds: microseconds * 1000 };
}
