// A wire's frames as a capture has them.
import { type CapturedPacket, type Timestamp, timestampOf } from '../capture/captured-packet.ts';
import { LinkType } from '../capture/link-type.ts';
import type { PcapngInterface } from '../capture/pcapng-writer.ts';
import type { WireFrame } from './wire-frame.ts';

/** The interface of a wire in a capture file, beside the machines' "host-01/docker0": "wire/lan". */
export function wireInterface(name: string): PcapngInterface & { readonly linkType: typeof LinkType.EN10MB } {
  return { name: `wire/${name}`, linkType: LinkType.EN10MB };
}

/**
 * The frame as captured when it was delivered, or, if it waits, as it will be.
 * @param epoch seconds since the epoch at which the wire's clock was 0: the guests' time then, so that the taps' times fit
 */
export function capturedFrame({ bytes, due }: WireFrame, epoch: number): CapturedPacket {
  const time: Timestamp = timestampOf(epoch + due / 1000);
  return { ...time, linkType: LinkType.EN10MB, bytes, originalLength: bytes.length };
}
