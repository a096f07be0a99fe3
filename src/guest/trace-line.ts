// A line of the guest's trace, as the kernel prints it in /sys/kernel/tracing/trace_pipe, of the events that the guest's program
// `evidence` defines (sandboxes/image/overlay/usr/lib/lockstep/evidence-events):
//
//     <...>-1523 [000] .Ns2.  619.008459: lsdrop: (skb.kfree_skb) loc=nf_hook_slow+0x97/0xb0 reason=7 dev="eth0" q="noqueue"
//       nd=4026532311 ns=0 p={0xc29ea800,0x0} n={0x54,0x0} w={0x240008,0x20010,0xc5c81664,0xc5c81700,0xc5c81600,0xc5c81610} h={0x0,…}
//
//   nd, ns  the inodes of the network namespaces of its device and of its socket: worth something if there are such, which
//   p       says: the pointers to the two. (A field that could not be fetched keeps what stood in the ring before.)
//   n       length of the packet, and how much of that is not in the first piece of memory
//   w       words 38 to 43 of the kernel's struct sk_buff (32 bits each, include/linux/skbuff.h, Linux 6.1): protocol and transport header,
//           network header and MAC header, 16 bits each; then the pointers tail, end, head, data
//   h       224 bytes of memory from 96 before data on, as 28 little-endian numbers

/** What a line says of one packet. */
export interface TracedPacket {
  readonly event: 'drop' | 'socket';
  /** Seconds, CLOCK_MONOTONIC of the guest. */
  readonly time: number;
  /** Number of the process on whose back it happened. */
  readonly pid: number;
  /** "" when it had no device yet. */
  readonly device: string;
  /** Of the device: "netem"; "" when it has no device, or that is not known. */
  readonly qdisc: string;
  /** 0: not known. */
  readonly namespace: number;
  /** enum skb_drop_reason; −1 for a socket. */
  readonly reason: number;
  /** "ip_forward+0x1c4" */
  readonly location: string;
  /** EtherType. */
  readonly protocol: number;
  /** From the network header on; empty when that was not fetched. */
  readonly packet: Uint8Array;
}

export type TraceLine =
  | TracedPacket
  /** Connection tracking has no room left, and could not make any (early_drop, net/netfilter/nf_conntrack_core.c). */
  | { readonly event: 'full'; readonly time: number; readonly pid: number }
  /** So many were overwritten before they were read. */
  | { readonly event: 'lost'; readonly count: number };

/** Characters; the longest that the events make has 1200. */
const LONGEST = 4096;
const HEAD = /-(\d{1,7}) +\[\d+\] +\S+ +(\d{1,9}\.\d{1,9}): (ls[a-z0-9]+): \(([^)]*)\)(.*)$/;
const LOST = /^CPU:\d+ \[LOST (\d{1,15}) EVENTS\]$/;
const LOCATION = / loc=(\S{1,300})(?: \[\w+\])? reason=/;
/** Numbers of namespaces begin here (fs/proc/generic.c, PROC_DYNAMIC_FIRST). */
const FIRST_NAMESPACE = 0xf0000000;
/** Where the kernel's own memory begins. */
const KERNEL = 0xc0000000;
const BEFORE = 96;
const LONGEST_LOCATION = 300;

/** null for what is none of these. Never throws. */
export function parseTraceLine(line: string): TraceLine | null {
  if (line.length > LONGEST) return null;
  const lost = LOST.exec(line)?.[1];
  if (lost !== undefined) return { event: 'lost', count: Number(lost) };
  const [, pid, time, name, at = '', rest = ''] = HEAD.exec(line) ?? [];
  if (pid === undefined || time === undefined) return null;
  const moment = { time: Number(time), pid: Number(pid) };
  if (name === 'lsfull') return / ret=(?:0|0x0)$/.test(rest) ? { event: 'full', ...moment } : null;
  if (name === 'lsdrop') {
    const reason = numberOf(rest, 'reason');
    const location = LOCATION.exec(rest)?.[1];
    if (reason === undefined || location === undefined) return null;
    return packetOf(rest, { event: 'drop', ...moment, reason, location: shortened(location) });
  }
  if (name === 'lstcp' || name === 'lstcp6' || name === 'lsudp')
    return packetOf(rest, {
      event: 'socket',
      ...moment,
      reason: -1,
      location: shortened((at.split(' ')[0] ?? '').slice(0, LONGEST_LOCATION)),
    });
  return null;
}

function packetOf(
  rest: string,
  known: Pick<TracedPacket, 'event' | 'time' | 'pid' | 'reason' | 'location'>,
): TracedPacket | null {
  const [device, socket] = numbersOf(rest, 'p', 2);
  const [length] = numbersOf(rest, 'n', 2);
  const [protocols, offsets, tail, , head, data] = numbersOf(rest, 'w', 6);
  const memory = memoryOf(rest);
  if (device === undefined || socket === undefined || length === undefined || memory === null) return null;
  if (protocols === undefined || offsets === undefined || tail === undefined) return null;
  if (head === undefined || data === undefined) return null;
  const protocol = ((protocols & 0xff) << 8) | ((protocols >>> 8) & 0xff);
  const from = head + (offsets & 0xffff) - (data - BEFORE);
  const to = Math.min(tail - (data - BEFORE), memory.length);
  const packet = from >= 0 && from < to ? memory.slice(from, to) : new Uint8Array();
  const isSocket = known.event === 'socket';
  return {
    ...known,
    device: device === 0 ? '' : (/ dev="(\S{0,64}?)" /.exec(rest)?.[1] ?? ''),
    qdisc: device === 0 ? '' : (/ q="(\S{0,64}?)" /.exec(rest)?.[1] ?? ''),
    namespace:
      (device !== 0 ? namespaceOf(rest, 'nd') : 0) || (isSocket || socket >= KERNEL ? namespaceOf(rest, 'ns') : 0),
    protocol,
    packet: beginsWith(packet, protocol) ? packet : new Uint8Array(),
  };
}

/** Whether these bytes can be the network header of that protocol: IP says its version, ARP begins with the kind of its hardware. */
function beginsWith([first = 0]: Uint8Array, protocol: number): boolean {
  if (protocol === 0x0800) return first >> 4 === 4;
  return protocol === 0x86dd ? first >> 4 === 6 : first === 0;
}

const numberOf = (text: string, name: string): number | undefined => {
  const found = new RegExp(` ${name}=(\\d{1,10})(?= |$)`).exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

const namespaceOf = (text: string, name: string): number => {
  const inode = numberOf(text, name) ?? 0;
  return inode >= FIRST_NAMESPACE && inode <= 0xffffffff ? inode : 0;
};

/** The numbers of an array, or nothing when there are not so many. */
function numbersOf(text: string, name: string, count: number): number[] {
  const found = new RegExp(` ${name}=\\{(0x[0-9a-f]{1,8}(?:,0x[0-9a-f]{1,8})*)\\}`).exec(text)?.[1]?.split(',') ?? [];
  return found.length === count ? found.map(Number) : [];
}

function memoryOf(text: string): Uint8Array | null {
  const words = / h=\{(0x[0-9a-f]{1,16}(?:,0x[0-9a-f]{1,16})*)\}/.exec(text)?.[1]?.split(',');
  if (words?.length !== 28) return null;
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setBigUint64(index * 8, BigInt(word), true);
  return bytes;
}

/** "ip_rcv_finish_core.constprop.0+0x1d0/0x510": without how long the function is, and what the compiler made of its name. */
const shortened = (location: string): string =>
  location.replace(/\/0x[0-9a-f]+$/, '').replace(/(?:\.(?:constprop|isra|part|cold)(?:\.\d+)?)+(?=\+|$)/, '');
