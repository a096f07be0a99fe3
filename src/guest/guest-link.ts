// A Debian guest of ours, as whoever runs it sees it: its agent, its tap, its terminals, and what its kernel last said. A
// driver (v86, a virtual machine, a recording) gives it three ports to speak through, hands it what the guest says, and tells
// it what becomes of the machine: it runs, it stands, its power is gone, it is back at an earlier moment.
import { computed, type ReadonlySignal, signal } from '@preact/signals-core';
import type { ConntrackEntry } from '../journey/evidence/conntrack.ts';
import type { KernelReport } from '../topology/kernel-report.ts';
import { parseReport } from '../topology/parse-report.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import { AgentClient } from './agent-client.ts';
import { EvidenceStream } from './evidence-stream.ts';
import type { EvidenceBatch, ExecOptions, ExecResult, TapBatch, TracingWord } from './guest.ts';
import { GuestClock } from './guest-clock.ts';
import { GuestConsole } from './guest-console.ts';
import { GuestTimers } from './guest-timers.ts';
import { Listeners } from './listeners.ts';
import { Tap } from './tap.ts';
import { TapDrops } from './tap-drops.ts';

/** The ways into the guest. What is sent while it has no power is the driver's to drop. */
export interface GuestPorts {
  /** A line for the agent, without its end. */
  agent(line: string): void;
  write(console: number, bytes: Uint8Array): void;
  resize(console: number, columns: number, rows: number): void;
}

/** The time that the guest is told as its time of day, and that what it saw is told in (wire/lab-time.ts). Seconds since the epoch. */
export interface GuestTime {
  now(): number;
  /** That of a moment that was so many real ms ago. */
  before(ago: number): number;
}

export interface GuestLinkOptions {
  /** What the machine is called, for words. */
  readonly name: string;
  readonly ports: GuestPorts;
  /** Terminals that it has; default 2. */
  readonly consoles?: number;
  /** Default: the time of day, and packets keep the guest's own. */
  readonly time?: GuestTime;
}

/** What was known of the guest when its state was saved. */
export interface GuestSnapshot {
  /** What each console had printed. */
  readonly consoles: readonly Uint8Array[];
  /** The pcap file header that its tap began with: a restored stream goes on in the middle. */
  readonly tapHeader: Uint8Array;
}

/** What was known of the guest at one moment, to be given back when it is back there. */
export interface GuestMoment {
  readonly kernel: KernelReport | null;
  readonly shown: readonly (readonly Uint8Array[])[];
  readonly tapHeader: Uint8Array;
  /** Its agent had not said hello yet. */
  readonly boots: boolean;
  readonly agentEnded: boolean;
  /** Those that its kernel translated. */
  readonly connections: readonly ConntrackEntry[];
}

/** ms; the slowest computer that runs the machine at all has its first report long before. */
const patienceWithAgent = 60_000;
/** ms; systemd starts an agent that ended again after 200 ms (lockstep-agent.service). */
const patienceWithRestart = 5000;
/** ms; what the kernel has said is here long before, unless somebody has ended what reads it. */
const patienceWithEvidence = 3000;

/** Of what its kernel said of packets, what is kept beyond the page: so much of the latest, give or take as much. */
const mostTold = 1000;

export class GuestLink {
  readonly consoles: readonly GuestConsole[];
  readonly #name: string;
  readonly #time: GuestTime | undefined;
  readonly #kernel = signal<KernelReport | null>(null);
  readonly #agentSilent = signal(false);
  /** The agent's program has ended, and nobody has started it again. */
  readonly #agentEnded = signal(false);
  /** What does not work as it should, in sentences; "" when all does. */
  readonly remark: ReadonlySignal<string>;
  readonly #taps = new Listeners<TapBatch>();
  readonly #words = new Listeners<EvidenceBatch>();
  /** What was told last of single packets. */
  #told: EvidenceBatch[] = [];
  #toldWords = 0;
  readonly #timers = new GuestTimers();
  readonly #agent: AgentClient;
  readonly #drops: TapDrops;
  #tap: Tap;
  #evidence: EvidenceStream;
  /** Somebody wants to know of each packet that a socket got. */
  #sockets = false;
  /** Of which packets somebody wants to know the rules that see them; null: of none. */
  #matches: string | null = null;
  readonly #tracing = signal<TracingWord>({ kind: 'off' });
  /** What its clock shows against the lab's: of its present life, since another one begins with another clock. */
  #clock = new GuestClock();
  /** Ends the waiting for a report. */
  #reported: (() => void) | undefined;
  /** Ends the waiting for an agent that ended. */
  #restarted: (() => void) | undefined;
  /** It was switched on, and its agent has not said hello yet: nobody in there would hear what it is told. */
  #boots = false;
  /** Its clock shows another time of day than ours. */
  #timeIsWrong = false;
  /** It has run since it began, or got its power back. */
  #ran = false;

  constructor({ name, ports, consoles = 2, time }: GuestLinkOptions) {
    this.#name = name;
    this.#time = time;
    this.consoles = Array.from(
      { length: consoles },
      (_, index) =>
        new GuestConsole(
          index,
          (bytes) => ports.write(index, bytes),
          (columns, rows) => ports.resize(index, columns, rows),
        ),
    );
    this.#agent = new AgentClient(
      (line) => ports.agent(line),
      {
        onHello: () => this.#hello(),
        onReport: (json) => this.#report(json),
        onEvidence: (text) => this.#evidence.receive(text, this.#time?.now()),
      },
      this.#timers,
    );
    this.#drops = new TapDrops({
      exec: (command, options) => this.exec(command, options),
      tell: (loss) => this.#taps.emit({ frames: [], lost: [loss] }),
      now: () => this.#time?.now() ?? Date.now() / 1000,
      timers: this.#timers,
    });
    this.#tap = this.#newTap();
    this.#evidence = this.#newEvidence();
    this.remark = computed(() =>
      this.#agentEnded.value ? agentEnded(name) : this.#agentSilent.value ? agentSilent(name) : '',
    );
  }

  /** What its kernel says of its interfaces and namespaces; null until the agent first reports. */
  get kernel(): ReadonlySignal<KernelReport | null> {
    return this.#kernel;
  }

  /** The pcap file header that the guest's tap began with; empty until it has arrived. */
  get tapHeader(): Uint8Array {
    return this.#tap.header;
  }

  onTap(listener: (batch: TapBatch) => void): Unsubscribe {
    return this.#taps.add(listener);
  }

  /** What its kernel says of single packets, as it comes: drops, sockets, translated connections. */
  onEvidence(listener: (batch: EvidenceBatch) => void): Unsubscribe {
    return this.#words.add(listener);
  }

  /** From now on, whether it is told of each packet that a socket got; costs the guest something for each. Off at the beginning. */
  watchSockets(on: boolean): void {
    if (this.#sockets === on) return;
    this.#sockets = on;
    if (this.#ran && !this.#boots) this.#agent.send(`evidence sockets ${on ? 1 : 0}`);
  }

  /** What it says of the rules that it was asked to tell of. */
  get tracing(): ReadonlySignal<TracingWord> {
    return this.#tracing;
  }

  /** From now on, which rules see the packets that one of `matches` does, in the words of nft; null: no more. Off at the beginning. */
  traceRules(matches: readonly string[] | null): void {
    const wanted = matches === null || matches.length === 0 ? null : matches.join(' | ');
    // Asked for again it is begun anew: who asks may have seen that it had failed.
    if (this.#matches === null && wanted === null) return;
    this.#matches = wanted;
    this.#tracing.value = { kind: 'off' };
    if (this.#ran && !this.#boots) this.#askRules();
  }

  /**
   * Of a guest that runs. Rejects when it does not answer in time, and at once when its agent has ended. Resolves with status
   * 255, and why, when the machine or the agent ends before the command does.
   */
  async exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    if (this.#agentEnded.peek()) throw new Error(agentEnded(this.#name));
    return this.#agent.exec(command, options);
  }

  /** Of a guest that runs: resolves when what its tap has seen, and its kernel has said, until now has come out here. */
  async flushTap(): Promise<void> {
    const told = Promise.withResolvers<void>();
    await this.#tap.flush((token) => {
      if (this.#evidence.watched) void this.#evidence.flushed(token).then(told.resolve);
      else told.resolve();
      this.#agent.send(`flush ${token}`);
    });
    const forget = this.#timers.after(patienceWithEvidence, told.resolve);
    await told.promise;
    forget();
    await this.#drops.settle();
  }

  /** A line that the agent said. */
  agentLine(line: string): void {
    this.#agent.receive(line);
  }

  /** The agent's program has let go of its port: it ended, or was ended. systemd starts it again, unless it was told not to. */
  agentClosed(): void {
    if (this.#boots) return;
    this.#agent.abandon(`The agent of ${this.#name} ended before the command did.`);
    this.#restarted ??= this.#timers.after(patienceWithRestart, () => {
      this.#restarted = undefined;
      this.#stopWaitingForReport();
      this.#agentEnded.value = true;
      // What was asked meanwhile, nobody has heard.
      this.#agent.abandon(agentEnded(this.#name));
    });
  }

  /** @param ago real ms since the guest gave them out */
  tapBytes(bytes: Uint8Array, ago: number): void {
    this.#tap.receive(bytes, this.#time?.before(ago));
  }

  /** The lab's time of a moment that the guest has noted by its own clock; both in seconds since the epoch. */
  labTime(guest: number): number {
    return this.#clock.labTime(guest);
  }

  consoleBytes(console: number, bytes: Uint8Array): void {
    this.consoles[console]?.receive(bytes);
  }

  /** A new life, before it runs: from a saved state, or from power-on (null). */
  begin(snapshot: GuestSnapshot | null): void {
    this.#ran = false;
    this.#boots = snapshot === null;
    this.#timeIsWrong = snapshot !== null;
    this.#renewTap(snapshot?.tapHeader ?? new Uint8Array(), snapshot !== null);
    this.#drops.begin(snapshot === null ? 'power-on' : 'saved');
    for (const [index, bytes] of (snapshot?.consoles ?? []).entries()) this.consoleBytes(index, bytes);
  }

  /** It has begun to run, or runs again after its power was gone. */
  runs(): void {
    this.#timers.release();
    this.#ran = true;
    // One that boots has no agent yet: it says hello when it has.
    if (this.#timeIsWrong && !this.#boots) this.#greet();
    else this.#askReport();
  }

  /** It stands: nothing happens in it, and nobody's patience with it runs out. */
  frozen(): void {
    this.#timers.hold();
  }

  /** It goes on; one that stood from its first moment on begins to run. */
  thawed(): void {
    if (!this.#ran) {
      this.runs();
      return;
    }
    this.#timers.release();
    if (this.#timeIsWrong && !this.#boots) this.#greet();
  }

  /** Guest ms in a real ms. */
  setSpeed(speed: number): void {
    this.#timers.setSpeed(speed);
  }

  /** Nothing of what was in its memory is there any more. */
  powerLost(): void {
    this.#ran = false;
    this.#boots = true;
    this.#timeIsWrong = true;
    this.#timers.release();
    this.#lose('The machine was switched off before the command ended.');
    this.#renewTap(new Uint8Array(), false);
    this.#drops.begin('power-on');
    this.#kernel.value = null;
  }

  /** Its kernel, or what runs it, has stopped for good: nobody in there answers any more. What was known is still shown. */
  stopped(why: string): void {
    this.#timers.release();
    this.#lose(why);
    this.#tap.dispose();
    this.#evidence.end(this.#now());
    this.#drops.dispose();
  }

  /** Given up: nothing is known of it any more, until it begins anew. */
  forget(): void {
    this.#told = [];
    this.#toldWords = 0;
    for (const console of this.consoles) console.clear();
    this.#kernel.value = null;
  }

  /** What is to be given to `restored` when the guest is taken back to this moment. */
  moment(): GuestMoment {
    return {
      kernel: this.#kernel.value,
      shown: this.consoles.map((console) => console.shown()),
      tapHeader: this.#tap.header,
      boots: this.#boots,
      agentEnded: this.#agentEnded.value,
      connections: this.#evidence.connections,
    };
  }

  /** What its kernel told last of single packets, for tellAgain(). */
  told(): readonly EvidenceBatch[] {
    return [...this.#told];
  }

  /** What was told in a page that is no more. */
  tellAgain(told: readonly EvidenceBatch[]): void {
    for (const batch of told) this.#tell(batch);
  }

  /** It is back at that moment, and stands. Its clock is set when it goes on. */
  restored({ kernel, shown, tapHeader, boots, agentEnded: ended, connections }: GuestMoment): void {
    this.#lose('The lab went back to a checkpoint before the command ended.');
    this.#timers.hold();
    this.#ran = true;
    this.#agentEnded.value = ended;
    this.#timeIsWrong = true;
    this.#boots = boots;
    this.#renewTap(tapHeader, !boots, connections);
    this.#drops.begin('saved');
    this.#kernel.value = kernel;
    if (kernel !== null) this.#tap.learn(kernel);
    for (const [index, console] of this.consoles.entries()) console.replace(shown[index] ?? []);
  }

  dispose(): void {
    this.stopped('The machine was stopped.');
    this.forget();
    for (const console of this.consoles) console.dispose();
    this.#taps.clear();
    this.#words.clear();
  }

  #hello(): void {
    this.#boots = false;
    this.#restarted?.();
    this.#restarted = undefined;
    this.#agentEnded.value = false;
    if (this.#timeIsWrong) this.#greet();
    else {
      this.#askEvidence();
      this.#askReport();
    }
  }

  /** Tells the guest what it cannot know: the time of day, and how large its terminals are. */
  #greet(): void {
    this.#timeIsWrong = false;
    this.#agent.send(`time ${this.#now().toFixed(3)}`);
    this.#askEvidence();
    this.#askReport();
    for (const console of this.consoles) console.restoreSize();
    void this.#drops.ready();
  }

  /** The lab's time. */
  #now(): number {
    return this.#time?.now() ?? Date.now() / 1000;
  }

  /** What it tells of, and its table of connections; after the time, so that it is told in the right one. */
  #askEvidence(): void {
    this.#agent.send('evidence status');
    // A guest that is restored does what it did when it was saved.
    this.#agent.send(`evidence sockets ${this.#sockets ? 1 : 0}`);
    this.#askRules();
  }

  #askRules(): void {
    this.#agent.send(this.#matches === null ? 'evidence rules' : `evidence rules ${this.#matches}`);
  }

  #askReport(): void {
    this.#agent.send('report');
    // One that is restarted again and again is given no more time than one that hangs.
    this.#reported ??= this.#timers.after(patienceWithAgent, () => {
      this.#agentSilent.value = true;
    });
  }

  #report(json: string): void {
    const report = parseReport(json);
    if (report.ok) {
      this.#stopWaitingForReport();
      this.#tap.learn(report.report);
      this.#kernel.value = report.report;
      void this.#drops.ready();
      for (const error of report.unread) console.warn(`${this.#name}: a part of its report was left out: ${error}`);
    } else {
      console.warn(`${this.#name}: a report of its agent could not be read: ${report.error}`);
    }
  }

  #stopWaitingForReport(): void {
    this.#reported?.();
    this.#reported = undefined;
    this.#agentSilent.value = false;
  }

  /** Whoever waits for its agent is told why nothing will come. */
  #lose(why: string): void {
    this.#agent.abandon(why);
    this.#stopWaitingForReport();
    this.#restarted?.();
    this.#restarted = undefined;
    this.#agentEnded.value = false;
  }

  /**
   * @param goesOn it does what it did when its state was saved, and its kernel says what it drops from the first moment on
   * @param connections that its kernel had then
   */
  #renewTap(header: Uint8Array, goesOn: boolean, connections: readonly ConntrackEntry[] = []): void {
    const now = this.#now();
    const before = this.#evidence;
    this.#tap.dispose();
    this.#clock = new GuestClock();
    this.#tap = this.#newTap();
    this.#evidence = this.#newEvidence(goesOn ? now : undefined);
    this.#tracing.value = { kind: 'off' };
    this.#evidence.follow(before, connections, now);
    this.#tap.receive(header);
  }

  #tell(batch: EvidenceBatch): void {
    this.#told.push(batch);
    this.#toldWords += wordsIn(batch);
    while (this.#toldWords > 2 * mostTold && this.#told.length > 1) {
      const oldest = this.#told.shift();
      if (oldest !== undefined) this.#toldWords -= wordsIn(oldest);
    }
    this.#words.emit(batch);
  }

  #newEvidence(since?: number): EvidenceStream {
    return new EvidenceStream({
      machine: this.#name,
      emit: (batch) => this.#tell(batch),
      tapTime: (timeOfDay) => this.labTime(timeOfDay),
      onTracing: (tracing) => {
        // The answer to an earlier question.
        if (tracing.kind === 'on' && tracing.matches !== this.#matches) return;
        const isEnded = tracing.kind === 'off' && this.#matches !== null && this.#tracing.peek().kind === 'on';
        this.#tracing.value = isEnded ? { kind: 'failed', why: 'the program that told of them was ended' } : tracing;
      },
      ...(since === undefined ? {} : { since }),
    });
  }

  #newTap(): Tap {
    return new Tap(
      (batch) => this.#taps.emit(batch),
      this.#timers,
      this.#clock,
      (count, first) => this.#drops.came(count, first),
    );
  }
}

const wordsIn = ({ evidence, conntrack }: EvidenceBatch): number => 1 + evidence.length + conntrack.length;

const agentSilent = (name: string) =>
  `The agent of ${name} does not report: its part of the picture stands still, packets and terminals go on. Reset the lab to get the picture back.`;
const agentEnded = (name: string) =>
  `The agent of ${name} was stopped: its part of the picture stands still, packets and terminals go on. To start it again, type in a terminal of ${name}: systemctl start lockstep-agent.`;
