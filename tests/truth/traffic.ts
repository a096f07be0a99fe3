// Random traffic through a network: few conversations, so that packets that are alike, or equal to the last byte but for their marks,
// are the rule.
import type { Dice } from './dice.ts';
import { marks } from './mark.ts';
import { type Network, POD_PORT } from './network.ts';
import { fragments, ICMP, ICMP6, type NetworkHead, packet, ping, TCP, tcp, UDP, udp } from './packets.ts';
import type { Action } from './plan.ts';

/** Bytes of a payload before its marks; the least of a captured packet that no mark is in: SLL2, IPv4, UDP and these. */
const VISIBLE = 24;
export const LEAST_SNAP = 20 + 20 + 8 + VISIBLE;

/** A transmission, as the script made it. */
export interface Sent {
  readonly mark: number;
  readonly at: number;
  readonly space: string;
  readonly words: string;
  /** Its sender has numbered it, and it asks for nothing: no other packet can be taken for it. */
  readonly isNumbered: boolean;
  /** Its sender has given it a number that no other packet has. */
  readonly hasOwnNumber: boolean;
  readonly isArp: boolean;
  readonly protocol: number;
  readonly destinationPort: number;
  readonly destination: string;
}

interface Conversation {
  readonly space: string;
  readonly source: string;
  readonly destination: string;
  readonly kind: 'ping' | 'udp' | 'tcp' | 'other' | 'fragments' | 'arp';
  readonly ports: readonly [number, number];
  readonly identification: 'own' | 'none' | 'equal';
  /** MAC of who it is handed to; null: through the sender's own routing. */
  readonly to: string | null;
  readonly device: string;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly blocks: number;
  readonly text: number;
}

const NUMBERED = ['own', 'own', 'none', 'equal'] as const;
/** As in a lab: what most kernels send is told apart by its number. */
const MOSTLY_NUMBERED = [...Array.from({ length: 10 }, () => 'own' as const), 'none', 'equal'] as const;
const GAPS = [0, 0, 0, 0.0001, 0.0005, 0.002, 0.01, 0.04] as const;

export interface Traffic {
  readonly actions: readonly Action[];
  readonly sent: ReadonlyMap<number, Sent>;
  /** Seconds from the first to the last. */
  readonly seconds: number;
}

export function trafficOf(network: Network, dice: Dice, count: number): Traffic {
  const conversations = Array.from({ length: 4 + dice.below(8) }, () => conversationOf(network, dice));
  const actions: Action[] = [];
  const sent = new Map<number, Sent>();
  const pace = dice.pick([0.2, 1, 1, 4]);
  let at = 0.05;
  for (let mark = 1; mark <= count; mark++) {
    const one = dice.pick(conversations);
    at += dice.pick(GAPS) * pace;
    for (const bytes of bytesOf(one, mark, dice)) actions.push(actionOf(one, at, bytes));
    sent.set(mark, {
      mark,
      at,
      space: one.space,
      words: `${one.kind} ${one.source} → ${one.destination} ports ${one.ports.join(' → ')}, id ${one.identification}, TTL ${one.ttl}, text ${one.text}`,
      isNumbered:
        one.identification === 'own' && one.kind !== 'arp' && one.kind !== 'ping' && !one.source.includes(':'),
      hasOwnNumber: one.identification === 'own' && one.kind !== 'arp' && !one.source.includes(':'),
      isArp: one.kind === 'arp',
      protocol: protocolOf(one),
      destinationPort: one.ports[1],
      destination: one.destination,
    });
  }
  return { actions, sent, seconds: at };
}

function conversationOf(network: Network, dice: Dice): Conversation {
  const { pods } = network;
  const space = dice.chance(0.85) ? dice.pick(pods) : dice.pick(['h1', 'h2']);
  const isPod = network.hostOf.has(space);
  const isV6 = isPod && dice.chance(0.3) && network.hasV6;
  const others = pods.filter((pod) => pod !== space);
  const kind = dice.pick(['ping', 'ping', 'udp', 'udp', 'udp', 'tcp', 'tcp', 'other', 'fragments', 'arp'] as const);
  const nowhere = isV6 ? 'fd00:2::77' : dice.pick(['10.2.0.77', '10.9.9.9', '10.1.0.88']);
  const published = network.published.length > 0 && !isV6 && (kind === 'udp' || kind === 'tcp') && dice.chance(0.5);
  const service = published ? dice.pick(network.published) : null;
  const host = dice.pick(['h1', 'h2']);
  const goal = dice.chance(0.08) ? null : dice.chance(0.15) && host !== space ? host : dice.pick(others);
  const destination =
    service !== null ? network.address(service.host) : goal === null ? nowhere : network.address(goal, isV6);
  const port = service?.port ?? dice.pick([POD_PORT, POD_PORT, POD_PORT, 9]);
  const neighbour =
    goal !== null && network.hostOf.get(goal) === network.hostOf.get(space) && isPod && service === null;
  const gateway = isPod ? network.device(network.hostOf.get(space) ?? '', 'cni0').mac : '';
  const to = neighbour ? network.device(goal, 'eth0').mac : gateway;
  const identification = dice.pick(network.own === null ? NUMBERED : MOSTLY_NUMBERED);
  const isArp = kind === 'arp' && isPod && !isV6;
  const isFragments = kind === 'fragments' && !isV6;
  return {
    space,
    source: network.address(space, isV6),
    destination: isArp ? network.address(space).replace(/\d+$/, dice.pick(['1', '2', '3'])) : destination,
    kind: isArp || isFragments ? kind : kind === 'arp' || kind === 'fragments' ? 'ping' : kind,
    ports: kind === 'ping' ? [7, 7] : [40000 + dice.below(3), port],
    identification: isFragments && identification === 'none' ? 'own' : identification,
    // A raw socket numbers what has no number.
    to:
      isPod && (isV6 || isArp || identification === 'none' || dice.chance(0.5))
        ? to
        : isPod || identification !== 'none'
          ? null
          : '',
    device: 'eth0',
    ttl: dice.chance(0.1) ? 1 + dice.below(3) : 64,
    dontFragment: dice.chance(0.4),
    blocks: isFragments ? 80 + dice.below(120) : dice.chance(0.2) ? 60 + dice.below(40) : 4 + dice.below(8),
    text: dice.below(3),
  };
}

const protocolOf = ({ kind, source }: Conversation): number =>
  kind === 'arp'
    ? 0
    : kind === 'ping'
      ? source.includes(':')
        ? ICMP6
        : ICMP
      : kind === 'tcp'
        ? TCP
        : kind === 'other'
          ? 200
          : UDP;

/** Sixteen bytes that all have, eight that are one of three. */
function visible(text: number, length = VISIBLE): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index < 16 ? 0x41 + index : 0x61 + text));
}

function bytesOf(one: Conversation, mark: number, dice: Dice): Uint8Array[] {
  const head: NetworkHead = {
    source: one.source,
    destination: one.destination,
    protocol: protocolOf(one),
    ttl: one.ttl,
    identification: one.identification === 'own' ? 1000 + mark : one.identification === 'none' ? 0 : 77,
    dontFragment: one.dontFragment,
  };
  const data = (text = VISIBLE): Uint8Array =>
    Uint8Array.from([...visible(one.text, text), ...marks(mark, one.blocks)]);
  switch (one.kind) {
    case 'ping':
      return [packet(head, ping(one, one.ports[0], dice.below(3), data()))];
    case 'udp':
      return [packet(head, udp(one, ...one.ports, data()))];
    case 'tcp': {
      const isSyn = dice.chance(0.3);
      const [sourcePort, destinationPort] = one.ports;
      const sequence = 5000 + 1000 * dice.below(4);
      const segment = { sourcePort, destinationPort, sequence, acknowledgment: isSyn ? 0 : 9, flags: isSyn ? 2 : 0x18 };
      return [packet(head, tcp(one, segment, data()))];
    }
    case 'fragments':
      // Fragments begin where marks do.
      return fragments(head, udp(one, ...one.ports, data(16)), 24 * (20 + dice.below(25)));
    case 'arp':
      return [arpQuestion(one, mark)];
    case 'other':
      return [packet(head, data())];
  }
}

/** Behind the question, where Ethernet is filled up to its least length, is the mark. */
function arpQuestion({ source, destination, blocks }: Conversation, mark: number): Uint8Array {
  const end = (address: string): number[] => address.split('.').map(Number);
  const host = Number(source.split('.').at(-1));
  const head = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, host, ...end(source), 0, 0, 0, 0, 0, 0, ...end(destination)];
  return Uint8Array.from([...head, ...marks(mark, Math.min(blocks, 8))]);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function actionOf(one: Conversation, at: number, bytes: Uint8Array): Action {
  const { space, device, to, kind, source } = one;
  if (to === null || to === '') return { do: 'packet', at, space, to: one.destination, bytes: hex(bytes) };
  const protocol = kind === 'arp' ? 0x0806 : source.includes(':') ? 0x86dd : 0x0800;
  return { do: 'frame', at, space, device, to: kind === 'arp' ? 'ff:ff:ff:ff:ff:ff' : to, protocol, bytes: hex(bytes) };
}
