// A place where Ethernet frames go in and out: a machine's NIC, and the socket of a wire that it is plugged into.

/** Ends a subscription. Calling it twice is harmless. */
export type Unsubscribe = () => void;

/**
 * Ethernet frames both ways: from the destination MAC on, without preamble and FCS.
 *
 * A frame is handed over, not lent. Whoever gives it to `send` neither reads nor writes it afterwards; whoever gets it from
 * `onFrame` owns it and may transfer its buffer to another thread. So a frame crosses the wire without being copied.
 */
export interface FramePort {
  send(frame: Uint8Array): void;
  onFrame(listener: (frame: Uint8Array) => void): Unsubscribe;
}

/** Plugs one into the other, `connect(machine.nic, wire.port('host-01'))`; the result pulls them apart. */
export function connect(one: FramePort, other: FramePort): Unsubscribe {
  const ends = [one.onFrame((frame) => other.send(frame)), other.onFrame((frame) => one.send(frame))];
  return () => {
    for (const end of ends) end();
  };
}
