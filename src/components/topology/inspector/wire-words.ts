// What a wire's inspector says: its cables, what its switch has learnt, what it counted, and what it lost and why.
import type { Wire } from '../../../wire/wire.ts';
import type { LossReason } from '../../../wire/wire-frame.ts';
import { durationWords, plural } from '../../ui/words.ts';

export interface WireWords {
  /** "2 of 3 cables in" */
  readonly cables: string;
  /** In the order of the lab's file; a port is called after its machine. */
  readonly ports: readonly PortWords[];
  /** Addresses that frames came from, the latest first; of many, the latest hundred. */
  readonly learnt: readonly { readonly mac: string; readonly port: string; readonly heard: string }[];
  /** Learnt as well, and not listed. */
  readonly moreLearnt: number;
  readonly counted: readonly (readonly [name: string, count: string])[];
  /** "3 times: a cable was out" */
  readonly lost: readonly string[];
}

export interface PortWords {
  readonly machine: string;
  readonly cable: 'in' | 'out';
  /** Frames from the machine, and to it. */
  readonly sent: string;
  readonly received: string;
}

/** A reader can send from as many addresses as he likes. */
const MOST_LEARNT = 100;

const WHY_LOST: Readonly<Record<LossReason, string>> = {
  unplugged: 'a cable was out',
  loss: 'the link lost it, as it was told to',
  full: 'too much waited already',
  loop: 'it came round in a loop',
  alone: 'no other machine took frames',
  malformed: 'it was no Ethernet frame',
};

export function wireWords(wire: Pick<Wire, 'ports' | 'statistics' | 'table'>): WireWords {
  const { frames, delivered, flooded, filtered, lost, ports } = wire.statistics();
  const table = wire.table().sort((a, b) => a.age - b.age);
  const plugged = wire.ports.filter(({ link }) => link.peek().plugged).length;
  return {
    cables: `${plugged} of ${plural(wire.ports.length, 'cable')} in`,
    ports: wire.ports.map(({ name, link }) => ({
      machine: name,
      cable: link.peek().plugged ? 'in' : 'out',
      sent: number(ports[name]?.framesIn ?? 0),
      received: number(ports[name]?.framesOut ?? 0),
    })),
    learnt: table
      .slice(0, MOST_LEARNT)
      .map(({ mac, port, age }) => ({ mac, port, heard: `${durationWords(age / 1000)} ago` })),
    moreLearnt: Math.max(0, table.length - MOST_LEARNT),
    counted: [
      ['Sent', number(frames)],
      ['Delivered', number(delivered)],
      ['To several at once', number(flooded)],
      ['To where it came from', number(filtered)],
    ],
    lost: Object.entries(WHY_LOST).flatMap(([reason, why]) => {
      const count = lost[reason as LossReason];
      return count === 0 ? [] : [`${plural(count, 'time')}: ${why}`];
    }),
  };
}

const number = (count: number): string => count.toLocaleString('en');
