import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoss } from '../journey/evidence/kernel-drops.ts';
import { EvidenceStream } from './evidence-stream.ts';
import type { EvidenceBatch } from './guest.ts';

/** A ping from 10.98.0.2 to 10.99.0.2 that is dropped; `of` says what else of it is so. */
const drop = (time: number, { pid = 1, reason = 7, location = 'nf_hook_slow+0x97/0xb0' } = {}): string =>
  `  <...>-${pid}  [000] .Ns2.  ${time.toFixed(6)}: lsdrop: (skb.kfree_skb) loc=${location} reason=${reason} dev="eth0" q="noqueue" nd=4026532311 ns=0 p={0xc29ea800,0x0} n={0x54,0x0} w={0x240008,0x20010,0xc5c81664,0xc5c81700,0xc5c81600,0xc5c81610} h={0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0xd43676f483da0000,0x87c04db2154a6,0x40ade054000045,0x200620a3346013f,0x41e900080200630a,0x6b0c2a070100f305,0xb0a0908000f31fb,0x131211100f0e0d0c,0x1b1a191817161514,0x232221201f1e1d1c,0x2b2a292827262524,0x333231302f2e2d2c,0x37363534,0x0,0x0,0x0,0x0,0x0}`;
const isFull = (time: number, pid = 1): string =>
  `  <...>-${pid} [000] d.s2.  ${time.toFixed(6)}: lsfull: (__nf_conntrack_alloc+0x143/0x180 [nf_conntrack] <- early_drop) ret=0`;
const lost = (count: number): string => `CPU:0 [LOST ${count} EVENTS]`;
const connection = (id: number): string =>
  `ipv4     2 icmp     1 30 src=10.98.0.2 dst=10.99.0.2 type=8 code=0 id=9 src=10.99.0.2 dst=10.0.0.11 type=0 code=0 id=9 id=${id}`;
const reasons = 'R1 NOT_SPECIFIED\x1f7 NETFILTER_DROP\x1f27 TCP_INVALID_SEQUENCE';

/** Its lab's time is 1000 s ahead of the monotonic clock, and its time of day 500 s. */
function aStream(since?: number) {
  const batches: EvidenceBatch[] = [];
  const stream = new EvidenceStream({
    machine: 'host-01',
    emit: (batch) => batches.push(batch),
    tapTime: (timeOfDay) => timeOfDay + 500,
    ...(since === undefined ? {} : { since }),
  });
  const says = (time: number, ...items: readonly string[]) => {
    batches.length = 0;
    stream.receive(`${time.toFixed(6)} ${(time + 500).toFixed(6)} ${items.join('\x1e')}`, time + 1000.01);
    return {
      evidence: batches.flatMap(({ evidence }) => evidence),
      conntrack: batches.flatMap(({ conntrack }) => conntrack),
    };
  };
  return { stream, says, batches };
}
const trace = (...lines: readonly string[]): string => `T${lines.join('\x1f')}`;

describe('what the guest says', () => {
  it('is which packet was dropped, with the lab’s time and the kernel’s name for the reason', () => {
    const { says } = aStream();
    const [one, ...others] = says(21, reasons, trace(drop(20))).evidence;
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      ...{ kind: 'drop', machine: 'host-01', time: 1020, device: 'eth0', namespace: 4026532311, qdisc: 'noqueue' },
      ...{ reason: 'NETFILTER_DROP', location: 'nf_hook_slow+0x97', protocol: 0x0800, conntrackFull: false },
    });
  });

  it('waits for the names of the reasons, and does not call all told before: a number may be no loss', () => {
    const { says } = aStream();
    const status = 'Won 0 21.5';
    expect(
      says(21, trace(drop(20, { reason: 27, location: 'tcp_validate_incoming+0x1/0x2' })), status).evidence,
    ).toEqual([]);
    const told = says(22, trace(drop(21.9)), reasons, status).evidence;
    expect(told.map((word) => (word.kind === 'drop' ? word.reason : word.kind))).toEqual([
      'TCP_INVALID_SEQUENCE',
      'NETFILTER_DROP',
      'watch',
    ]);
    // That it does not tell any more is heard at once.
    const other = aStream(1000);
    other.says(21, trace(drop(20)), 'Woff 0 20.5');
    const later = other.says(100, reasons, 'Won 0 99.0').evidence.filter(({ kind }) => kind !== 'drop');
    expect(later).toMatchObject([{ kind: 'gap' }, { kind: 'watch', from: 1099 }]);
    expect(isLoss({ reason: '27', location: 'tcp_validate_incoming+0x1' })).toBe(false);
  });

  it('is that connection tracking was full, of the packet that the same process lost right after', () => {
    const { says } = aStream();
    const of = (...lines: readonly string[]) =>
      says(30, reasons, trace(...lines)).evidence.map((one) => one.kind === 'drop' && one.conntrackFull);
    expect(of(isFull(20), drop(20.0002))).toEqual([true]);
    expect(of(isFull(21), drop(21.0002), drop(21.0003))).toEqual([true, false]);
    expect(of(isFull(22, 7), drop(22.0002))).toEqual([false]);
    expect(of(isFull(23), drop(23.5))).toEqual([false]);
    expect(of(isFull(24), lost(3), drop(24.0002))).toEqual([false, false]);
    expect(of(isFull(25), drop(25.0002, { reason: 1, location: 'ip_error+0x7b' }))).toEqual([false]);
  });

  it('is told also where nothing was lost, since it arrived: TCP has answered a keep-alive', () => {
    const { says } = aStream();
    const [said] = says(21, reasons, trace(drop(20, { reason: 27, location: 'tcp_validate_incoming+0x1' }))).evidence;
    expect(said).toMatchObject({ kind: 'drop', reason: 'TCP_INVALID_SEQUENCE' });
    expect(said?.kind === 'drop' && isLoss(said)).toBe(false);
  });

  it('is nothing of the marks by which a tap is flushed', () => {
    const { says } = aStream();
    const mark = [...Buffer.from('lockstep-flush-7')].reverse();
    const [one, other] = [mark.slice(8), mark.slice(0, 8)].map((part) => `0x${Buffer.from(part).toString('hex')}`);
    const marked = drop(20).replace('0x131211100f0e0d0c,0x1b1a191817161514', `${one},${other}`);
    expect(marked).not.toBe(drop(20));
    expect(says(21, reasons, trace(marked)).evidence).toEqual([]);
  });

  it('is for which time drops are told of, and where words are missing', () => {
    const { says } = aStream(1002);
    expect(says(10, reasons, 'Won 0 9.9').evidence).toEqual([
      { kind: 'watch', machine: 'host-01', from: 1002, until: 1009.9, sockets: false },
    ]);
    expect(says(20, trace(drop(15), lost(30), drop(18))).evidence).toMatchObject([
      { kind: 'drop', time: 1015 },
      { kind: 'gap', from: 1015, until: 1018, count: 30 },
      { kind: 'drop', time: 1018 },
    ]);
    expect(says(22, 'Won 0 22.0').evidence).toMatchObject([{ kind: 'watch', from: 1002, until: 1022 }]);
    // Somebody has switched tracing off, and on again.
    expect(says(25, 'Woff 0 22.000000 tracing_on is 0').evidence).toMatchObject([
      { kind: 'gap', from: 1022, until: 1025 },
    ]);
    expect(says(27, 'Woff 0 22.000000 tracing_on is 0').evidence).toMatchObject([
      { kind: 'gap', from: 1025, until: 1027 },
    ]);
    expect(says(29, 'Won 1 29.000000').evidence).toMatchObject([
      { kind: 'gap', from: 1027, until: 1029 },
      { kind: 'watch', from: 1029, sockets: true },
    ]);
  });

  it('begins anew with the program that says it', () => {
    const { says } = aStream(1002);
    says(10, 'Won 0 10.0');
    expect(says(40, 'S', reasons, 'Won 0 39.5').evidence).toMatchObject([
      { kind: 'gap', from: 1010, until: 1040 },
      { kind: 'watch', from: 1039.5 },
    ]);
  });

  it('is when a connection began and ended, by its own time of day', () => {
    const { says, stream, batches } = aStream();
    expect(says(21, `C[520.500000] [NEW] ${connection(1)}`).conntrack).toMatchObject([{ id: '1', from: 1020.5 }]);
    expect(
      says(31, `C[530.500000] [DESTROY] ${connection(1)}\x1f[530.6] [NEW] ${connection(2)}`).conntrack,
    ).toMatchObject([
      { id: '1', from: 1020.5, until: 1030.5 },
      { id: '2', from: 1030.6 },
    ]);
    // The table has another one, and one is not in it any more.
    const table = says(41, `L${connection(3)}`).conntrack;
    expect(table).toMatchObject([{ id: '2', until: 1041 }, { id: '3' }]);
    expect(table[1]).not.toHaveProperty('from');
    batches.length = 0;
    stream.end(1050);
    expect(batches.flatMap(({ conntrack }) => conntrack)).toMatchObject([{ id: '3', until: 1050 }]);
  });

  it('is which rules saw a packet, told in pieces: one way has one number, of one trace', () => {
    const { says } = aStream();
    const header = (ttl: number): string =>
      `PACKET: 2 aa IN=eth0 OUT=br0 SRC=10.0.0.1 DST=10.0.0.2 LEN=84 TOS=0x0 TTL=${ttl} ID=5 `;
    const policy = ' TRACE: 2 aa filter:FORWARD:policy:DROP ';
    const [one] = says(21, `N${header(63)}`, `N TRACE: 2 aa mangle:FORWARD:policy:ACCEPT `).evidence;
    const [more] = says(21.2, `N${header(63)}\x1f${policy}`).evidence;
    expect(one).toMatchObject({ kind: 'rules', machine: 'host-01', from: 1019, until: 1021, identification: 5 });
    expect(more).toMatchObject({ until: 1021.2, visits: [{ table: 'mangle' }, { table: 'filter' }] });
    expect(more?.kind === 'rules' && one?.kind === 'rules' && more.number === one.number).toBe(true);
    // Begun anew, the kernel's numbers mean others.
    says(22, 'Mon meta l4proto icmp');
    expect(says(23, `N${policy}`).evidence).toEqual([]);
    const [other] = says(24, `N${header(63)}\x1f${policy}`).evidence;
    expect(other?.kind === 'rules' && one?.kind === 'rules' && other.number !== one.number).toBe(true);
  });

  it('is up to a question', async () => {
    const { says, stream } = aStream();
    let told = false;
    const flushed = stream.flushed('lockstep-flush-3').then(() => {
      told = true;
    });
    says(21, 'Flockstep-flush-2');
    await Promise.resolve();
    expect(told).toBe(false);
    says(22, 'Flockstep-flush-3');
    await flushed;
    expect(told).toBe(true);
  });

  it('never throws, whatever it says, and does not grow without end', () => {
    const item = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('T', 'C', 'L', 'W', 'R', 'S', 'F', 'N', 'M', 'X'), fc.string())
        .map(([letter, text]) => letter + text),
      fc.constantFrom(trace(drop(3), lost(2)), 'Won 0 1.0', 'Woff 1 0.0 x', `C[1.0] [NEW] ${connection(4)}`, reasons),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double(), fc.array(item))), (messages) => {
        const { stream } = aStream();
        for (const [one, other, items] of messages) stream.receive(`${one} ${other} ${items.join('\x1e')}`, 5);
        for (const [, , items] of messages) stream.receive(`1.5 2.5 ${items.join('\x1e')}`);
        stream.end(9);
      }),
    );
    const { stream, batches } = aStream();
    for (let n = 0; n < 6000; n++) stream.receive(`1.5 2.5 C[1.0] [NEW] ${connection(n)}`);
    batches.length = 0;
    stream.end(9);
    expect(batches.flatMap(({ conntrack }) => conntrack).length).toBe(5000);
  });
});
