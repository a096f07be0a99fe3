// Time in a lab, for a reader who wants to see what happens: stop all of it, go on to the next packet, to the next place of
// one packet, to the first that a filter matches; look back, and forward again; slow motion.
//
// What waits on a wire is held there, and a step lets it go. What the kernel of one machine moves (two containers on one
// bridge) cannot be held: the machines are frozen the moment a tap reports it. What ran past by then is shown from what the
// taps saw, step by step, before time goes on again (wire/stepper.ts). Every step says which of the two it was.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals-core';
import { type Hop, placeOf, WIRE } from '../hop/hop.ts';
import type { Journey } from '../journey/journey.ts';
import { whyNot } from '../machine/abilities.ts';
import type { FilterError } from '../packet/filter/syntax.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import { type Shown, type Step, Stepper, type StepperState } from '../wire/stepper.ts';
import type { WireFrame } from '../wire/wire-frame.ts';
import { type Breakpoint, type BreakpointResult, HopBreakpoints } from './hop-breakpoints.ts';
import { compileHopFilter } from './hop-filter.ts';
import type { HopBatch, Lab } from './lab.ts';
import { LabJourneys } from './lab-journeys.ts';
import { RuleTracing } from './rule-tracing.ts';
import { shownWords } from './time-words.ts';

export interface TimeState {
  readonly steps: StepperState<Hop>;
  /** True while time stands in the machines. */
  readonly frozen: boolean;
  /** What time goes on to, in words, "the next packet"; null when it does not stop by itself. */
  readonly awaits: string | null;
  readonly speed: number;
  readonly breakpoints: readonly Breakpoint[];
  /** The id of the breakpoint that time stopped at last, until it goes on. */
  readonly stoppedBy: number | null;
  /** What the last step did, in sentences. */
  readonly said: string;
}

/** Virtual ms between a frame on a wire and the report of what its sender's tap had seen before. */
const tapTakes = 50;

export class TimeControl {
  readonly state: ReadonlySignal<TimeState>;
  readonly journeys: LabJourneys;
  /** Of this run of the lab: the next one begins without. */
  readonly tracing: RuleTracing;
  /** Why time in this lab cannot be stopped, sentences; "" when it can. What has been seen can be looked at all the same. */
  readonly whyNoStop: string;
  readonly #lab: Lab;
  readonly #stepper = new Stepper<Hop>();
  readonly #breakpoints: HopBreakpoints;
  readonly #frozen: ReadonlySignal<boolean>;
  readonly #awaits = signal<string | null>(null);
  readonly #speed = signal(1);
  #leavesOut: (hop: Hop) => boolean = () => false;
  readonly #stoppedBy = signal<number | null>(null);
  readonly #said = signal('');
  readonly #ends: Unsubscribe[];
  /** Hops that breakpoints have been held against: time does not go on past one that ran past it unseen. */
  #looked = 0;
  /** Time was stopped, and has not gone on since; machines may be still on their way. */
  #stopped = false;
  #newest = 0;
  /** Of the lab: what has happened is of this one. 0: nothing has. */
  #run = 0;
  /** The hop of the frame that is being let go. */
  #passing: Hop | null = null;
  #letsGo = false;
  /** The next thing of any kind is awaited. */
  #tapsFirst = false;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.whyNoStop = whyNot(lab.machines, 'freeze');
    this.journeys = new LabJourneys(lab);
    this.tracing = new RuleTracing(lab);
    this.#breakpoints = new HopBreakpoints((one, other) => this.journeys.joins(one, other));
    const kind = computed(() => lab.state.value.kind);
    this.#frozen = computed(() => kind.value === 'frozen');
    this.state = computed(() => ({
      steps: this.#stepper.state.value,
      frozen: this.#frozen.value,
      awaits: this.#awaits.value,
      speed: this.#speed.value,
      breakpoints: this.#breakpoints.all.value,
      stoppedBy: this.#stoppedBy.value,
      said: this.#said.value,
    }));
    const breaks = computed(() => this.#breakpoints.all.value.length > 0);
    this.#ends = [
      lab.onHops((batch) => this.#happened(batch)),
      effect(() => this.#labChanged(kind.value)),
      ...lab.wires.map((wire) => wire.waiting.subscribe(() => this.#waitingChanged())),
      effect(() => {
        // A wire without breakpoints hands frames on at once, without a look.
        if (!breaks.value) return;
        const placed = lab.wires.map((wire) => wire.addBreakpoint((frame) => this.#breaks(lab.hopOfFrame(frame))));
        return () => {
          for (const remove of placed) remove();
        };
      }),
      lab.clock.onChange((state) => {
        if (state.kind !== 'held') return;
        if (state.at === null) {
          // What was under way on a slow link is held now, and no wire tells of that.
          this.#waitingChanged();
          return;
        }
        this.#stopped = true;
        // The wire has not listed it yet.
        queueMicrotask(() => this.#stoppedAtFrame());
      }),
    ];
  }

  /** Time stands, at what happened last; or it is said why it cannot. */
  async freeze(): Promise<void> {
    if (this.#refuses()) return;
    this.#stopped = true;
    this.#stepper.stand();
    this.#awaits.value = null;
    await this.#lab.freeze();
    this.#said.value = 'Time stands still.';
  }

  /** Time goes on, unless a breakpoint matches something that ran past before: then that is shown, and time stands. */
  async goOn(): Promise<void> {
    const { position, total } = this.#stepper.state.peek();
    if (this.#breakpoints.size > 0 && Math.max(position, this.#looked) < total) {
      this.#stepper.seek(Math.max(position, this.#looked));
      const step = this.#stepper.step((hop) => this.#breaksAtTap(hop));
      if (step.kind === 'shown') {
        await this.#halt(step);
        return;
      }
    }
    this.#looked = total;
    this.#stepper.follow();
    this.#awaits.value = null;
    this.#stopped = false;
    this.#stoppedBy.value = null;
    this.#said.value = 'Time goes on.';
    await this.#lab.thaw();
  }

  /** To the next sighting of any packet: one that has come already, or else time goes on until there is one. */
  step(): Promise<void> {
    return this.#advance((hop) => !this.#leavesOut(hop), 'the next packet', true);
  }

  /** Steps pass over these packets, forwards and back, from now on; jumps and breakpoints do not. */
  leaveOut(leavesOut: (hop: Hop) => boolean): void {
    this.#leavesOut = leavesOut;
  }

  /** To the next place at which the packet of this hop is seen. Where it has arrived, or was dropped, time does not go on. */
  async stepHop(n: number): Promise<void> {
    const journey = this.journeys.of(n);
    if (journey !== undefined && journey.end !== 'unknown' && !journey.hops.some(({ hop }) => hop.n > n)) {
      this.#said.value = 'The way of this packet ends here.';
      return;
    }
    const matches = (hop: Hop): boolean =>
      hop.n === 0 ? this.journeys.wouldJoin(n, hop) : hop.n > n && this.journeys.joins(n, hop.n);
    await this.#advance(matches, 'the next place of this packet', true);
  }

  /**
   * To the next hop that a display filter matches, at one device ("host-01/docker0", "wire/lan") or anywhere. Resolves, as
   * step() does, when it is there or time goes on to it; with what is wrong when the filter cannot be read.
   */
  async runUntil(text: string, device: string | null = null): Promise<FilterError | null> {
    const compiled = compileHopFilter(text);
    if (!compiled.ok) return compiled.error;
    const what = text.trim() === '' ? 'the next packet' : `the next packet with ${text.trim()}`;
    const where = device === null ? '' : ` at ${device}`;
    const matches = (hop: Hop): boolean => (device === null || placeOf(hop) === device) && compiled.matches(hop);
    await this.#advance(matches, what + where);
    return null;
  }

  back(): void {
    let step = this.#stepper.back();
    while (step.kind === 'shown' && this.#leavesOut(step.hop)) step = this.#stepper.back();
    this.#show(step);
  }

  /** To the sighting before this one of the packet of this hop. */
  backHop(n: number): void {
    const hops = this.journeys.of(n)?.hops.map(({ hop }) => hop.n) ?? [];
    const before = Math.max(0, ...hops.filter((id) => id < n));
    if (before > 0) this.showHop(before);
  }

  toStart(): void {
    this.#show(this.#stepper.toStart());
  }

  toEnd(): void {
    this.#show(this.#stepper.toEnd());
  }

  /** To any position, 1 for the first hop of this run; the nearest one there is. */
  seek(position: number): void {
    this.#show(this.#stepper.seek(position));
  }

  /** To the hop of this number, if it is kept. */
  showHop(n: number): void {
    const position = this.positionOf(n);
    if (position !== null) this.seek(position);
  }

  /** What seek() takes to show the hop of this number; null when it is forgotten, or not there yet. */
  positionOf(n: number): number | null {
    const { first, total } = this.#stepper.state.peek();
    // Hops are numbered as they come, and this may have been made in the middle of a run.
    const position = n - (this.#newest - total);
    return position > first && position <= total ? position : null;
  }

  /** Shows what happens as it happens, while time goes on: nothing is awaited any more. */
  follow(): void {
    if (this.#awaits.peek() === null) this.#stepper.follow();
    else void this.goOn();
  }

  /**
   * Time will stop each time that a packet is seen that the filter matches: once for each packet, or each time at one device.
   * Throws an Error that says why when time in this lab cannot be stopped.
   */
  addBreakpoint(text: string, device: string | null = null): BreakpointResult {
    if (this.whyNoStop !== '') throw new Error(this.whyNoStop);
    const result = this.#breakpoints.add(text, device);
    // What is there already has been seen: only what comes counts.
    if (result.ok && !this.#stopped) this.#looked = this.#stepper.state.peek().total;
    return result;
  }

  removeBreakpoint(id: number): void {
    this.#breakpoints.remove(id);
  }

  /** Slow motion, 0.1 to 1. Throws RangeError. */
  setSpeed(speed: number): void {
    this.#lab.setSpeed(speed);
    this.#speed.value = speed;
  }

  /** The journey of the hop that is shown. */
  journey(): Journey | undefined {
    const { at } = this.#stepper.state.peek();
    return at === null || at.n === 0 ? undefined : this.journeys.of(at.n);
  }

  dispose(): void {
    for (const end of this.#ends) end();
    clearTimeout(this.#later);
    this.#stepper.clear();
    this.tracing.stop();
    this.journeys.dispose();
  }

  async #advance(matches: (hop: Hop) => boolean, words: string, tapsFirst = false): Promise<void> {
    this.#tapsFirst = tapsFirst;
    const step = this.#stepper.step(matches);
    // What has happened already can be looked at while time goes on.
    if (step.kind === 'shown' && step.shownAs === 'looked back at') {
      this.#show(step);
      return;
    }
    this.#awaits.value = null;
    if (this.#refuses()) this.#stepper.follow();
    else await this.#take(step, words);
  }

  /** Says why time cannot be stopped, if it cannot. */
  #refuses(): boolean {
    if (this.whyNoStop !== '') this.#said.value = this.whyNoStop;
    return this.whyNoStop !== '';
  }

  async #take(first: Step<Hop>, words: string): Promise<void> {
    let step = first;
    while (step.kind === 'release') {
      this.#release();
      const next = this.#stepper.held(this.#held());
      if (next === null) break;
      step = next;
    }
    if (step.kind === 'shown') {
      await this.#halt(step);
      return;
    }
    if (step.kind === 'start') return;
    this.#awaits.value = words;
    this.#stopped = false;
    this.#stoppedBy.value = null;
    this.#looked = this.#stepper.state.peek().total;
    this.#said.value = `Time goes on to ${words}.`;
    // The wires are shut: what comes to one of them is a step of its own.
    if (this.#lab.wires.length > 0) this.#lab.clock.shut();
    await Promise.all(this.#lab.machines.map((machine) => machine.thaw()));
  }

  /** Lets the first frame that waits go, as the hop that it has become. */
  #release(): void {
    this.#letsGo = true;
    this.#passing = null;
    // Something else of the clock may come first.
    while (this.#passing === null && this.#lab.clock.step() !== null);
    this.#letsGo = false;
    if (this.#passing === null) return;
    this.#stepper.held([this.#passing, ...this.#held()]);
    this.#stepper.passed();
  }

  #show(step: Step<Hop>): void {
    this.#callOff();
    if (step.kind === 'shown') {
      if (this.#stopped) this.#looked = Math.max(this.#looked, step.position);
      this.#said.value = this.#words(step);
    } else if (step.kind === 'start') this.#said.value = 'Before the first packet.';
  }

  /** What was awaited is not awaited any more. The wires are shut for it: time stands again, as it did before. */
  #callOff(): void {
    if (this.#awaits.peek() === null) return;
    this.#awaits.value = null;
    this.#stopped = true;
    void this.#lab.freeze();
  }

  #happened({ run, hops, lost }: HopBatch): void {
    if (this.#run !== 0 && run !== this.#run) this.#clear();
    this.#run = run;
    this.journeys.missed(lost);
    const first = hops[0];
    if (first === undefined) return;
    for (const hop of hops) if (hop.machine === WIRE) this.#breakpoints.delivered(hop);
    if (this.#letsGo) {
      this.#passing = first;
      this.journeys.add(hops);
      this.#newest = first.n;
      return;
    }
    this.#newest = hops.at(-1)?.n ?? this.#newest;
    this.journeys.add(hops);
    const before = this.#stepper.state.peek().total;
    const awaited = this.#stepper.happened(hops);
    if (this.#stopped) return;
    const end = awaited === null ? hops.length : awaited.position - before;
    const index = hops.slice(0, end).findIndex((hop) => this.#breaksAtTap(hop));
    const at = index >= 0 ? index + 1 : awaited === null ? -1 : end;
    this.#looked = before + (at < 0 ? hops.length : at);
    if (at < 0) return;
    const step = this.#stepper.seek(this.#looked);
    if (step.kind === 'shown') void this.#halt(step);
  }

  /** A wire's breakpoint has held the clock just before a frame. */
  #stoppedAtFrame(): void {
    this.#stepper.held(this.#held());
    const step = this.#stepper.toEnd();
    if (step.kind === 'shown') void this.#halt(step);
  }

  /** Frames came to wait on a wire, or were taken from it. */
  #waitingChanged(): void {
    clearTimeout(this.#later);
    if (this.#letsGo) return;
    // What made a machine send this comes first, and its tap takes a moment to report it.
    if (this.#tapsFirst && this.#awaits.peek() !== null)
      this.#later = setTimeout(() => this.#look(), tapTakes / this.#speed.peek());
    else this.#look();
  }

  #look(): void {
    const held = this.#held();
    const next = this.#stepper.held(held);
    if (next === null || this.#stopped) return;
    const words = this.#awaits.peek() ?? '';
    if (next.kind === 'release' && this.#breaks(next.hop)) {
      this.#stoppedAtFrame();
      return;
    }
    // Not from within the wire's own doing.
    queueMicrotask(() => void this.#take(next, words));
  }

  /** While time stands: the packet of this hop waits on a wire, and a step lets it go on. */
  isHeld(n: number): boolean {
    return this.#held().some((hop) => this.journeys.wouldJoin(n, hop));
  }

  #held(): Hop[] {
    const { clock, wires } = this.#lab;
    if (!clock.held) return [];
    const frames = new Map<object, WireFrame>(
      wires.flatMap((wire) => wire.waiting.peek()).map((frame) => [frame, frame]),
    );
    // The clock's own order: what came to two wires while time stood is due at one moment.
    return clock.queue.list().flatMap((event) => {
      const frame = frames.get(event);
      return frame === undefined ? [] : [this.#lab.hopOfFrame(frame)];
    });
  }

  #breaks(hop: Hop): boolean {
    const id = this.#breakpoints.stopsAt(hop);
    if (id === null) return false;
    this.#stoppedBy.value = id;
    return true;
  }

  /** A wire stops at its frames itself, before they are delivered. */
  #breaksAtTap(hop: Hop): boolean {
    return hop.machine !== WIRE && this.#breaks(hop);
  }

  /** Time is to stand here. What is said waits until it does: by then it is known what has run past. */
  async #halt(shown: Shown<Hop>): Promise<void> {
    this.#stopped = true;
    this.#awaits.value = null;
    this.#looked = Math.max(this.#looked, shown.position);
    await this.#lab.freeze();
    // A held one's place moves when its sender's tap reports what came before it.
    const { at, position, total } = this.#stepper.state.peek();
    if (at === shown.hop)
      this.#said.value = this.#words({ ...shown, position, ranPast: Math.max(0, total - position) });
  }

  #words(shown: Shown<Hop>): string {
    return shownWords(shown, { frozen: this.#stopped, severalMachines: this.#lab.machines.length > 1 });
  }

  /** What others did: a lab that was out of sight is seen again, or was reset. */
  #labChanged(kind: string): void {
    if (kind === 'off' || kind === 'failed' || kind === 'loading') this.#clear();
    else if (kind === 'running' && this.#stopped && this.#awaits.peek() === null) {
      const { position, total } = this.#stepper.state.peek();
      this.#stopped = false;
      if (position >= total) this.#stepper.follow();
    }
  }

  #clear(): void {
    this.#stepper.clear();
    this.tracing.stop();
    this.journeys.clear();
    this.#breakpoints.forget();
    this.#looked = 0;
    this.#newest = this.#run = 0;
    this.#stopped = false;
    this.#awaits.value = null;
    this.#stoppedBy.value = null;
    this.#said.value = '';
  }
}
