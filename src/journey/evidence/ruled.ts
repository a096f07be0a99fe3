// Which packet a trace of rules is about. The trace names devices, addresses, ports, identification and length: a packet's, as long as no
// other packet has the same of it. Where two may be meant, or two traces may be one packet's, nothing is said.

import { append } from '../../basics/append.ts';
import { portsOf } from '../../hop/tuple.ts';
import { IP_PROTOCOL } from '../../packet/numbers.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';
import { type Form, hookOf, type RuleEvidence } from './rules.ts';

/** Ways kept: the latest. */
const MOST = 5000;
/** Seconds by which a tap may note a packet after the trace of it was told. */
const EARLY = 0.005;
const PROTOCOLS = Array.from({ length: 256 }, (_, number) => number);
/** The beginning of what identifies a whole packet (hop/identity.ts): IP version, identification, protocol, length, and TCP's flags. */
const HEAD = /^([46]) (\d+) (\d+) (\d+)(?: tcp \d+ \d+ (\d+)|)/;

export class RuledPackets {
  readonly #ways = new Map<string, RuleEvidence>();
  #byName: Map<string, RuleEvidence[]> | null = null;

  /** A way that is known already is told of anew. */
  add(way: RuleEvidence): void {
    const key = `${way.machine} ${way.number}`;
    this.#ways.delete(key);
    this.#ways.set(key, way);
    const [oldest] = this.#ways.keys();
    if (this.#ways.size > MOST && oldest !== undefined) this.#ways.delete(oldest);
    this.#byName = null;
  }

  /** The ways that are this packet's and no other's, in the order of the machines that saw it, and of time. */
  of(packet: Packet, store: Store): readonly RuleEvidence[] {
    if (this.#ways.size === 0 || packet.copy.isTornAfter || packet.copy.isTornBefore) return [];
    const found: RuleEvidence[] = [];
    for (const machine of new Set(packet.steps.map(({ sighting: { hop } }) => hop.machine))) {
      const fitting = this.#named(machine, packet).filter((way) => fits(packet, way));
      const own = fitting.filter(
        (way) =>
          !fitting.some((other) => other !== way && beginAlike(way, other)) &&
          !rivalsOf(way, store).some((other) => other !== packet && fits(other, way)),
      );
      found.push(...joined(own.sort((a, b) => (a.until === b.until ? serialOf(a) - serialOf(b) : a.until - b.until))));
    }
    return found;
  }

  #named(machine: string, packet: Packet): readonly RuleEvidence[] {
    this.#byName ??= index(this.#ways.values());
    return this.#byName.get(nameOf(machine, numbersOf(packet.sightings[0])?.identification ?? -1)) ?? [];
  }
}

const nameOf = (machine: string, identification: number): string => `${machine} ${identification}`;

function index(ways: Iterable<RuleEvidence>): Map<string, RuleEvidence[]> {
  const byName = new Map<string, RuleEvidence[]>();
  for (const way of ways) append(byName, nameOf(way.machine, way.identification), way);
  return byName;
}

const serialOf = ({ number }: RuleEvidence): number => Number(number.split(' ').at(-1));

interface Numbers {
  /** −1: IPv6. */
  readonly identification: number;
  readonly protocol: number;
  readonly length: number;
  /** TCP's, in the order of the header's bits; −1: not TCP. */
  readonly flags: number;
}

function numbersOf(sighting: Sighting | undefined): Numbers | null {
  if (sighting === undefined || sighting.identity.fragment !== null) return null;
  const [, version, identification, protocol, length, flags] = HEAD.exec(sighting.identity.head) ?? [];
  if (version === undefined) return null;
  return {
    identification: version === '6' ? -1 : Number(identification),
    protocol: Number(protocol),
    length: Number(length),
    flags: flags === undefined ? -1 : Number(flags),
  };
}

/** True when the way may be this packet's. */
function fits(packet: Packet, way: RuleEvidence): boolean {
  return packet.sightings.some((sighting) => {
    const { hop } = sighting;
    if (hop.machine !== way.machine || hop.time < way.from || hop.time > way.until + EARLY) return false;
    const numbers = numbersOf(sighting);
    return (
      numbers !== null &&
      numbers.identification === way.identification &&
      isLong(numbers, way.length) &&
      flagsFit(numbers, way.flags) &&
      [way.came, ...way.visits.map(({ form }) => form)].some((form) => isIn(form, sighting, numbers))
    );
  });
}

/** iptables 1.8 adds 20 to what follows an IPv6 header, as if that were IPv4's. */
const isLong = ({ identification, length }: Numbers, told: number): boolean =>
  told === length || (identification < 0 && told === length - 20);

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const;

function flagsFit({ protocol, flags }: Numbers, told: string): boolean {
  if (protocol !== IP_PROTOCOL.tcp || flags < 0) return told === '';
  const names = told.split(' ');
  return FLAGS.every((name, bit) => names.includes(name) === ((flags >> bit) & 1) > 0);
}

function isIn(form: Form, { identity }: Sighting, { protocol }: Numbers): boolean {
  if (form.source !== identity.source || form.destination !== identity.destination) return false;
  // At FORWARD the packet has been routed: a tap at the device that it came in at has seen it before.
  const routed = form.in !== '' && form.out !== '' ? 1 : 0;
  if (form.ttl !== identity.ttl && form.ttl + routed !== identity.ttl) return false;
  const hasPorts = protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.udp;
  if (!hasPorts) return form.sourcePort < 0;
  const ports = portsOf(identity.tuple);
  return form.sourcePort === ports?.source && form.destinationPort === ports.destination;
}

/** Two that went into the hooks in the same way: of which packet one of them is, nothing says. */
function beginAlike(a: RuleEvidence, b: RuleEvidence): boolean {
  const [one, other] = [a.came, b.came];
  if (a.isWhole !== b.isWhole) return false;
  return one.in === other.in && one.ttl === other.ttl && (one.in !== '' || one.out === other.out);
}

/** Behind a bridge the trace has another number from routing on: what came in there and went on from there is one way. */
function joined(ways: readonly RuleEvidence[]): RuleEvidence[] {
  const found: RuleEvidence[] = [];
  for (const way of ways) {
    const before = found.at(-1);
    const [first] = way.visits;
    const goesOn =
      before?.isWhole === true &&
      !way.isWhole &&
      before.came.in !== '' &&
      before.came.in === way.came.in &&
      before.visits.every((visit) => hookOf(visit) === 'PREROUTING') &&
      first !== undefined &&
      hookOf(first) !== 'PREROUTING';
    if (goesOn) found[found.length - 1] = { ...before, until: way.until, visits: [...before.visits, ...way.visits] };
    else found.push(way);
  }
  return found;
}

/** Every packet that has the same identification: only of these can it be another one's. */
function rivalsOf({ identification }: RuleEvidence, store: Store): readonly Packet[] {
  const { world } = store;
  if (identification >= 0)
    return PROTOCOLS.flatMap((protocol) => store.trains.packets(`4 ${identification} ${protocol}`, world));
  const found: Packet[] = [];
  for (const bucket of store.buckets.values()) if (bucket.key.startsWith('6 ')) found.push(...bucket.packets(world));
  return found;
}
