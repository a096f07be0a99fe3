// What a wire counts.
import type { LossReason } from './wire-frame.ts';
import type { PortStatistics } from './wire-port.ts';

export interface WireStatistics {
  /** Frames that ports sent. */
  readonly frames: number;
  readonly bytes: number;
  /** Frames that reached a port: a flooded one counts for each. */
  readonly delivered: number;
  /** Frames whose receiver was behind the port they came from. */
  readonly filtered: number;
  /** Frames that more than one port got. */
  readonly flooded: number;
  /** Per reason, ports that did not get a frame; where it was not known yet which ones, the frame counts once. */
  readonly lost: Readonly<Record<LossReason, number>>;
  readonly ports: Readonly<Record<string, PortStatistics>>;
}

export class WireCounters {
  frames = 0;
  bytes = 0;
  delivered = 0;
  filtered = 0;
  flooded = 0;
  readonly lost: Record<LossReason, number> = { malformed: 0, unplugged: 0, loss: 0, full: 0, loop: 0, alone: 0 };

  /** A frame was handed to as many ports. */
  handedTo(ports: number): void {
    this.delivered += ports;
    if (ports > 1) this.flooded++;
  }

  statistics(ports: Iterable<readonly [string, { statistics(): PortStatistics }]>): WireStatistics {
    const { frames, bytes, delivered, filtered, flooded } = this;
    return {
      frames,
      bytes,
      delivered,
      filtered,
      flooded,
      lost: { ...this.lost },
      ports: Object.fromEntries([...ports].map(([name, port]) => [name, port.statistics()])),
    };
  }
}
