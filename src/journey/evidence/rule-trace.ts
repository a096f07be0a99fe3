// What `xtables-monitor --trace` prints (iptables 1.8, nf_tables), as ways of single packets through a machine's hooks:
//
//     PACKET: 2 37036159 IN=vo OUT=va MACSRC=… SRC=10.99.0.1 DST=10.98.0.2 LEN=60 TOS=0x0 TTL=63 ID=61146 DF SPORT=51904 DPORT=80 SYN MARK=0x7
//      TRACE: 2 37036159 filter:FORWARD:rule:0x3:JUMP:USERS  -4 -t filter -A FORWARD -j USERS
//      TRACE: 2 37036159 filter:USERS:rule:0x4:0xfffffffb  -4 -t filter -A USERS -j RETURN
//      TRACE: 2 37036159 filter:FORWARD:policy:ACCEPT
//
// The first number is the family (1: inet, 2: IPv4, 10: IPv6). The second is a hash of the packet's place in memory and of the device that
// it came in at (nf_tables_trace.c): it comes again for later packets, and a bridge changes it between PREROUTING and what follows: then
// that is another way, of the same packet (ruled.ts). Lines of several packets are mixed: an ICMP error is made in the middle of the rule
// that rejects. A PACKET line comes when a packet enters a chain of a hook, as it is when the first rule there is done; on Linux 6.1 not
// when no rule matches. What is no iptables rule is printed as if it were one, with parts left out: that text is not taken.

import { visible } from '../../basics/visible.ts';
import { type Form, type Hook, hookOf, type RuleEvidence, type RuleStep } from './rules.ts';

/** The table that marks packets for the trace: what it decides is no news. */
const OWN_TABLE = 'lockstep_trace';

/** A way as far as it was told, without whose it is and when. */
export type RulePass = Pick<RuleEvidence, 'identification' | 'length' | 'flags' | 'isWhole' | 'came' | 'visits'> & {
  /** Counts up; the same for the same way. */
  readonly serial: number;
};

const MOST_LINES = 100_000;
/** Ways that may go on; of one way, chains; of one chain, steps. */
const MOST_OPEN = 256;
export const MOST_VISITS = 64;
export const MOST_STEPS = 256;
/** Characters. */
const LONGEST_LINE = 4096;
const LONGEST_TEXT = 1024;
const LONGEST_NAME = 256;

const PACKET = /^ ?PACKET: (\d{1,3}) ([0-9a-f]{1,8}) (.*)$/;
const TRACE = /^ ?TRACE: (\d{1,3}) ([0-9a-f]{1,8}) ([^\s:]+):(\S+?):(rule|return|policy)(?::(.*))?$/;
const RULE = /^(0x[0-9a-f]{1,16}|\d{1,16}):(\S*)(?: {1,2}(.*))?$/;
const IPTABLES = new Set(['filter', 'nat', 'mangle', 'raw', 'security']);
const FLAGS = new Set(['SYN', 'ACK', 'FIN', 'RST', 'PSH', 'URG', 'ECE', 'CWR']);
/** Negative verdicts of nf_tables (include/uapi/linux/netfilter/nf_tables.h), as unsigned numbers. */
const VERDICTS: Readonly<Record<string, string>> = {
  '0xffffffff': 'CONTINUE',
  '0xfffffffe': 'BREAK',
  '0xfffffffb': 'RETURN',
};

interface Open {
  readonly serial: number;
  readonly first: Header;
  readonly visits: { header: Header; table: string; version: number; chain: string; steps: RuleStep[] }[];
  /** A PACKET line that no TRACE line has followed yet. */
  next: Header | null;
  /** It was marked by us, before any other chain saw it. */
  isWhole: boolean;
  /** The chain that marks has ended, or another one has begun. */
  isMarked: boolean;
}

interface Header {
  readonly form: Form;
  readonly identification: number;
  readonly length: number;
  readonly flags: string;
}

/** Reads what comes, line by line; never throws, and keeps no more than a few hundred ways. */
export class RuleTraceReader {
  readonly #open = new Map<string, Open>();
  #serial = 0;

  /** The ways of which these lines say something: each as far as it is known. Lines that are something else are passed over. */
  read(lines: Iterable<string>): RulePass[] {
    const touched = new Map<number, Open>();
    for (const line of lines) {
      const open = line.length > LONGEST_LINE ? null : this.#line(line);
      if (open !== null) touched.set(open.serial, open);
    }
    return [...touched.values()].map(passOf);
  }

  #line(line: string): Open | null {
    const [, , packet, words] = PACKET.exec(line) ?? [];
    if (packet !== undefined && words !== undefined) return this.#packet(packet, headerOf(words));
    const [, family = '', id, ...said] = TRACE.exec(line) ?? [];
    const [table = '', chain = '', kind = '', rest = ''] = said.map((part) => visible(part ?? ''));
    if (id === undefined || table.length > LONGEST_NAME || chain.length > LONGEST_NAME) return null;
    let open = this.#open.get(id);
    if (open === undefined) return null;
    if (table === OWN_TABLE) return this.#marked(id, open, kind === 'policy');
    const step = stepOf(table, family, chain, kind as RuleStep['kind'], rest);
    if (step === null) return null;
    open.isMarked = true;
    const last = open.visits.at(-1);
    const isOther = last === undefined || last.table !== table || (hookOf({ chain }) !== null && last.chain !== chain);
    const isNew = open.next !== null || isOther;
    // Without a PACKET line no rule has matched in a chain, after its decision there is nothing more, and iptables hangs no chains into
    // hooks but their own: else the line that says whose this is, and where, was lost.
    const isInside = isNew && isIptables(table, family) && hookOf({ chain }) === null;
    const isLost = isInside || (open.next === null && (isOther ? step.kind === 'rule' : isDecided(last)));
    if (isLost || (isNew && open.visits.length >= MOST_VISITS)) return this.#lose(id);
    if (isNew) {
      const header = open.next ?? last?.header ?? open.first;
      // It goes on to the next chain of a hook when one has let it pass.
      const goesOn = last === undefined || last.steps.at(-1)?.verdict === 'ACCEPT';
      if (!goesOn || !mayFollow(open.visits, table, chain)) open = this.#begin(id, header);
      open.visits.push({ header, table, version: versionOf(family), chain, steps: [] });
      open.next = null;
    }
    const visit = open.visits.at(-1);
    if (visit !== undefined && visit.steps.length < MOST_STEPS) visit.steps.push(step);
    return open;
  }

  /** Where a packet is marked its way begins: whatever had this id before was another one. */
  #marked(id: string, open: Open, isEnd: boolean): Open | null {
    const { next } = open;
    if (next === null && open.isMarked) return this.#lose(id);
    const begun = next !== null && (open.isWhole || open.visits.length > 0) ? this.#begin(id, next) : open;
    begun.next = null;
    begun.isWhole = true;
    begun.isMarked = isEnd;
    return begun;
  }

  /** Nobody knows any more which packet this is about. */
  #lose(id: string): null {
    this.#open.delete(id);
    return null;
  }

  #packet(id: string, header: Header | null): Open | null {
    if (header === null) return this.#lose(id);
    const open = this.#open.get(id);
    if (open === undefined || !mayBeSame(open.visits.at(-1)?.header ?? open.first, header)) this.#begin(id, header);
    else open.next = header;
    return null;
  }

  #begin(id: string, header: Header): Open {
    const begun: Open = {
      serial: ++this.#serial,
      first: header,
      visits: [],
      next: header,
      isWhole: false,
      isMarked: false,
    };
    this.#open.delete(id);
    this.#open.set(id, begun);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#open.delete(oldest);
    return begun;
  }
}

/** What a chain of a hook, or one that it calls, decides for good. */
const DECISIONS = new Set(['ACCEPT', 'DROP', 'QUEUE', 'STOLEN']);

const isDecided = (visit: Open['visits'][number] | undefined): boolean =>
  DECISIONS.has(visit?.steps.at(-1)?.verdict ?? '');

/** The order of the hooks, as packets that come in, and those that are sent, pass them. */
const ORDER: readonly (Hook | null)[] = ['OUTPUT', 'PREROUTING', 'INPUT', 'FORWARD', 'POSTROUTING'];

/** A packet is in each chain of a hook once, and in the hooks in order. */
function mayFollow(before: Open['visits'], table: string, chain: string): boolean {
  const last = before.at(-1);
  const [from, to] = [ORDER.indexOf(last === undefined ? null : hookOf(last)), ORDER.indexOf(hookOf({ chain }))];
  if (from >= 0 && to >= 0 && to < from) return false;
  return !before.some((visit) => visit.table === table && visit.chain === chain);
}

/** All ways of a text that is whole, at whatever time it was. Never throws. */
export function parseRuleTrace(text: string, machine: string): RuleEvidence[] {
  const ways = new RuleTraceReader().read(text.split('\n', MOST_LINES));
  return ways.map(({ serial, ...way }) => ({
    ...{ kind: 'rules', machine, from: 0, until: Infinity, number: String(serial) },
    ...way,
  }));
}

/** What hooks do not change; and where it goes, once it is known, is not forgotten. */
const mayBeSame = (one: Header, other: Header): boolean =>
  one.identification === other.identification &&
  one.flags === other.flags &&
  one.length === other.length &&
  other.form.ttl <= one.form.ttl &&
  (one.form.out === '' || other.form.out !== '') &&
  one.form.sourcePort < 0 === other.form.sourcePort < 0;

function passOf({ serial, first, visits, isWhole }: Open): RulePass {
  return {
    serial,
    identification: first.identification,
    length: first.length,
    flags: first.flags,
    isWhole,
    came: first.form,
    visits: visits.map(({ header: { form }, table, version, chain, steps }) => ({
      ...{ version, table, chain, form },
      steps: [...steps],
    })),
  };
}

const isIptables = (table: string, family: string): boolean => IPTABLES.has(table) && versionOf(family) !== 0;

const versionOf = (family: string): number => (family === '2' ? 4 : family === '10' ? 6 : 0);

function stepOf(table: string, family: string, chain: string, kind: RuleStep['kind'], rest: string): RuleStep | null {
  if (kind !== 'rule') return { chain, kind, handle: 0, verdict: verdictOf(rest.trim()), text: '' };
  const [, handle, verdict, text = ''] = RULE.exec(rest) ?? [];
  if (handle === undefined || verdict === undefined) return null;
  const [, own = ''] = /^-[46] (?:-t \w+ )?(-A .*)$/.exec(text.trim()) ?? [];
  return {
    chain,
    kind,
    handle: Number(handle),
    verdict: verdictOf(verdict),
    text: isIptables(table, family) ? own.slice(0, LONGEST_TEXT) : '',
  };
}

const verdictOf = (text: string): string =>
  (VERDICTS[text] ?? text.replace(/^(JUMP|GOTO):/, '$1 ')).slice(0, LONGEST_NAME);

function headerOf(words: string): Header | null {
  const values = new Map<string, string>();
  const flags: string[] = [];
  let isFragment = false;
  for (const word of words.split(' ')) {
    const at = word.indexOf('=');
    if (at > 0) values.set(word.slice(0, at), word.slice(at + 1));
    else if (FLAGS.has(word)) flags.push(word);
    else if (word === 'MF' || word.startsWith('FRAG')) isFragment = true;
  }
  const text = (name: string): string => visible((values.get(name) ?? '').slice(0, LONGEST_NAME));
  const number = (name: string): number => {
    const found = values.get(name);
    return found !== undefined && /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/.test(found) ? Number(found) : -1;
  };
  const [source, destination, length] = [text('SRC'), text('DST'), number('LEN')];
  // A piece of a packet has no ports and may be any: nothing can be said of it.
  if (source === '' || destination === '' || length < 0 || isFragment) return null;
  return {
    identification: number('ID'),
    length,
    flags: flags.join(' '),
    form: {
      in: text('IN'),
      out: text('OUT'),
      source,
      destination,
      sourcePort: number('SPORT'),
      destinationPort: number('DPORT'),
      ttl: Math.max(number('TTL'), number('HOPLIMIT')),
      mark: Math.max(0, number('MARK')),
    },
  };
}
