// A learning Ethernet switch: where each frame goes. It moves nothing itself.
//
//    0                       6                       12
//   +-----------------------+-----------------------+---------+----------------
//   | destination MAC       | source MAC            | type    | payload …
//   +-----------------------+-----------------------+---------+----------------
//
// IEEE 802.1Q-2018, 8.7 (learning) and 8.8 (forwarding and ageing), without spanning tree and without VLANs: tags are
// carried as they are. Reserved group addresses (8.6.3) are flooded like any other, so that machines that bridge with
// spanning tree find their loops through it.

/** Bytes of the shortest thing that has both addresses and a type; what is shorter is no frame. */
const shortestFrame = 14;
/** Bytes of the longest: VXLAN over jumbo frames, and v86's and QEMU's cards, stay far below. */
const longestFrame = 65_550;

export interface SwitchPort {
  readonly name: string;
}

export interface TableEntry {
  /** "02:00:00:00:00:01" */
  readonly mac: string;
  readonly port: string;
  /** ms since a frame came from it. */
  readonly age: number;
}

export interface SwitchOptions {
  /** ms until a MAC address that is not heard of is forgotten; 802.1Q's default, 300 000. */
  readonly ageing?: number;
  /** MAC addresses kept at most; the one heard of longest ago makes room. Default 8192. */
  readonly capacity?: number;
  /** How often an address may change its port in a second; more is a loop. Default 32. */
  readonly moves?: number;
}

/** Why a frame from a port goes nowhere: it is no frame, its port is off, is one end of a loop, or no other port takes frames. */
export type Refusal = 'malformed' | 'unplugged' | 'loop' | 'alone';

interface Learnt<P> {
  port: Socket<P>;
  /** ms, when it was last heard of. */
  heard: number;
  moves: number;
  movesSince: number;
}

interface Socket<P> {
  readonly port: P;
  /** This port alone, and all others that are up: what a frame's way is in nearly every case, made once. */
  readonly alone: readonly P[];
  others: readonly P[];
  up: boolean;
  /** ms */
  blockedUntil: number;
}

const nowhere: readonly never[] = [];
// How long, in ms, a port that is part of a loop is cut off: long enough for the frames that are under way to die out.
const blockedFor = 1000;

export class LearningSwitch<P extends SwitchPort> {
  readonly #ageing: number;
  readonly #capacity: number;
  readonly #moves: number;
  readonly #sockets = new Map<P, Socket<P>>();
  /** Ends of loops. */
  readonly #blocked = new Set<Socket<P>>();
  /** By the address as a number of 48 bits; the one heard of last is not always the last of the map. */
  readonly #table = new Map<number, Learnt<P>>();

  constructor({ ageing = 300_000, capacity = 8192, moves = 32 }: SwitchOptions = {}) {
    this.#ageing = ageing;
    this.#capacity = capacity;
    this.#moves = moves;
  }

  /** Adds a port, without a link. */
  add(port: P): void {
    if (this.#sockets.has(port)) return;
    this.#sockets.set(port, { port, alone: [port], others: nowhere, up: false, blockedUntil: -Infinity });
    this.#arrange();
  }

  remove(port: P): void {
    this.setLink(port, false);
    this.#sockets.delete(port);
  }

  /** Link up, or down: the cable is pulled. What was behind it may turn up anywhere, so its addresses are forgotten. */
  setLink(port: P, up: boolean): void {
    const socket = this.#sockets.get(port);
    if (socket === undefined || socket.up === up) return;
    socket.up = up;
    this.#blocked.delete(socket);
    if (!up) this.#forget(port);
    this.#arrange();
  }

  isUp(port: P): boolean {
    return this.#sockets.get(port)?.up === true;
  }

  /**
   * Learns who sent the frame, and says which ports it leaves through (never the one it came from; none when its receiver is
   * behind that one) or why it is refused. `now`: ms, never less than before. The array must not be changed.
   */
  forward(from: P, frame: Uint8Array, now: number): readonly P[] | Refusal {
    const socket = this.#sockets.get(from);
    if (socket?.up !== true) return 'unplugged';
    if (frame.length < shortestFrame || frame.length > longestFrame) return 'malformed';
    if (this.#blocked.size > 0) this.#unblock(now);
    if (this.#blocked.has(socket)) return 'loop';
    // Only one station can send: an address of a group (the lowest bit of its first byte) as a source teaches nothing.
    if (((frame[6] ?? 0) & 1) === 0 && !this.#learn(addressAt(frame, 6), socket, now)) return 'loop';
    if (((frame[0] ?? 0) & 1) === 1) return toAll(socket);
    const learnt = this.#table.get(addressAt(frame, 0));
    if (learnt === undefined || now - learnt.heard > this.#ageing) return toAll(socket);
    return learnt.port === socket ? nowhere : learnt.port.alone;
  }

  /** What it has learnt and not forgotten. */
  table(now: number): TableEntry[] {
    return [...this.#table]
      .filter(([, { heard }]) => now - heard <= this.#ageing)
      .map(([address, { port, heard }]) => ({ mac: macText(address), port: port.port.name, age: now - heard }));
  }

  /** False: the address goes to and fro between two ports, which are therefore joined somewhere else as well. */
  #learn(address: number, socket: Socket<P>, now: number): boolean {
    const learnt = this.#table.get(address);
    if (learnt === undefined) {
      if (this.#table.size >= this.#capacity) this.#makeRoom();
      this.#table.set(address, { port: socket, heard: now, moves: 0, movesSince: now });
      return true;
    }
    learnt.heard = now;
    if (learnt.port === socket) return true;
    learnt.port = socket;
    if (now - learnt.movesSince > 1000) {
      learnt.moves = 0;
      learnt.movesSince = now;
    }
    if (++learnt.moves <= this.#moves) return true;
    // Neither in nor out, as if its cable were pulled: a loop may be fed from either side.
    socket.blockedUntil = now + blockedFor;
    this.#blocked.add(socket);
    this.#forget(socket.port);
    this.#arrange();
    return false;
  }

  #unblock(now: number): void {
    for (const socket of this.#blocked) if (socket.blockedUntil <= now) this.#blocked.delete(socket);
    this.#arrange();
  }

  #makeRoom(): void {
    let oldest: number | undefined;
    let heard = Infinity;
    for (const [address, learnt] of this.#table) {
      if (learnt.heard >= heard) continue;
      oldest = address;
      heard = learnt.heard;
    }
    if (oldest !== undefined) this.#table.delete(oldest);
  }

  #forget(port: P): void {
    for (const [address, learnt] of this.#table) if (learnt.port.port === port) this.#table.delete(address);
  }

  #arrange(): void {
    const up = [...this.#sockets.values()].filter((socket) => socket.up && !this.#blocked.has(socket));
    for (const socket of this.#sockets.values())
      socket.others = up.filter((other) => other !== socket).map(({ port }) => port);
  }
}

const toAll = <P>({ others }: Socket<P>): readonly P[] | Refusal => (others.length === 0 ? 'alone' : others);

/** Six bytes as one number; the caller has seen that they are there. */
function addressAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  const low = ((bytes[at + 3] ?? 0) << 16) | ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0);
  return high * 0x100_0000 + low;
}

function macText(address: number): string {
  const digits = address.toString(16).padStart(12, '0');
  return digits.replace(/..(?=.)/g, '$&:');
}
