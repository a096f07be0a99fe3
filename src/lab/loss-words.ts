// Why a wire delivered a frame to nobody, in words that go on "the wire lan did not deliver it: …".
import type { FrameLoss } from '../wire/wire-frame.ts';

/** A port is called after its machine. */
export function lossWords({ frame, reason, ports }: FrameLoss): string {
  switch (reason) {
    case 'unplugged':
      return cablesOut(ports.length > 0 ? ports : [frame.from]);
    case 'malformed':
      return `malformed: ${frame.bytes.length.toLocaleString('en')} bytes are no Ethernet frame`;
    case 'loss':
      return 'the link lost it, as it was told to';
    case 'full':
      return 'too much waited on the wire';
    case 'loop':
      return `frames of one sender came from ${frame.from} and from elsewhere by turns: a loop, which the wire cuts for a second`;
    case 'alone':
      return 'no other machine on it takes frames';
  }
}

function cablesOut(machines: readonly string[]): string {
  const last = machines.at(-1) ?? '';
  return machines.length < 2
    ? `the cable of ${last} is out`
    : `the cables of ${machines.slice(0, -1).join(', ')} and ${last} are out`;
}
