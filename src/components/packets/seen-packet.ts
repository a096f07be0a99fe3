// What the list is made of: one packet at one tap, whether a lab's machine saw it or a file says so.
import type { Timestamp } from '../../capture/captured-packet.ts';
import type { Context } from '../../journey/builder.ts';

/** Where a packet was seen, and which way it went there. */
export interface Place {
  readonly machine: string;
  /** Network namespace of the device; left out or "": the machine's own. */
  readonly namespace?: string;
  /** "" when nothing but the machine is known. */
  readonly device: string;
  readonly ifindex?: number;
  readonly direction: 'in' | 'out' | 'unknown';
  /** LINKTYPE_ number (src/capture/link-type.ts). */
  readonly linkType: number;
  /** Id of the device in a lab's graph; left out or "": it is in none. */
  readonly deviceId?: string;
}

export interface SeenPacket extends Place {
  /** 1, 2, 3 … in the order of the run or the file: Wireshark's frame.number. */
  readonly n: number;
  /** Seconds since the epoch, on the clock of that machine. */
  readonly time: number;
  /** The same to the nanosecond, where a file says so. */
  readonly exactly?: Timestamp;
  readonly bytes: Uint8Array;
  /** Bytes of the packet before the capture cut it. */
  readonly originalLength: number;
  /** What somebody wrote to it in a file. */
  readonly comment?: string;
}

/** Packets in ascending order of `n`; since the last batch at least `lost` more are missing. */
export interface PacketBatch {
  readonly hops: readonly SeenPacket[];
  readonly lost: number;
}

/** Gives the number of the first packet that is the same one as this, seen earlier; its own number when there is none. */
export type Follow = (packet: SeenPacket) => number;

/** Where the packets of a list come from. */
export interface PacketSource {
  /** "super-bridge", "trace.pcap": stands in what is exported. */
  readonly title: string;
  /** Packets go on coming: the list can follow, pause and be cleared. */
  readonly live: boolean;
  readonly severalMachines: boolean;
  /** Packets kept; what is older is let go and counted. */
  readonly capacity: number;
  /** Ends with the function that it gives. */
  onPackets(listener: (batch: PacketBatch) => void): () => void;
  /** Begins to tell which packets are one, for another run; null: journeys tell. */
  follow(): Follow | null;
  /** What is known besides the packets, for their journeys; the same object as long as nothing else is. */
  context(): Context;
  /** Seconds to add to the times of a machine, so that they agree with what journeys say. */
  correction(machine: string): number;
  /** What is to be said of a packet's end while the machines have not been asked about it; "" when they have. */
  pending(n: number): string;
  /** Asks the machines for what only they know of a packet; true when there is more in context() now. A file has said all. */
  ask(n: number): Promise<boolean>;
}

/** "host-01/docker0", "host-01/web/eth0"; "host-01" where no device is known. */
export function placeName({ machine, namespace = '', device }: Place): string {
  return [machine, namespace, device].filter((part) => part !== '').join('/');
}
