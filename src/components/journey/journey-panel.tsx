// Under the picture: time in the lab. Stop it, step from packet to packet or along the way of one, look back, go on to what
// a filter matches; and the way of the packet that is looked at, hop by hop.

import { useEffect, useRef, useState } from 'preact/hooks';
import { isBackground } from '../../hop/background.ts';
import type { Journey } from '../../journey/journey.ts';
import { isByUnnamedRule, verdictOf, WHICH_RULE } from '../../journey/verdict.ts';
import type { Lab } from '../../lab/lab.ts';
import type { TimeControl } from '../../lab/time-control.ts';
import { shownAsWords } from '../../lab/time-words.ts';
import { matchesOf } from '../../lab/trace-matches.ts';
import { whyNot } from '../../machine/abilities.ts';
import { showsBackground } from '../ui/background.ts';
import type { ShownWay } from '../ui/shown-hop.ts';
import { useFrameValue } from '../ui/use-frame-value.ts';
import { useUniqueId } from '../ui/use-unique-id.ts';
import { BreakpointBar } from './breakpoint-bar.tsx';
import { DropNotice } from './drop-notice.tsx';
import { HopStrip } from './hop-strip.tsx';
import { hopLookedAt } from './looking.ts';
import { linkToStep, onStepLink } from './step-link.ts';
import { TraceBar } from './trace-bar.tsx';
import { Transport } from './transport.tsx';
import './journey.css';

export interface JourneyPanelProps {
  readonly lab: Lab;
  readonly time: TimeControl;
  /** The way of the packet that is looked at, whenever more is known of it; null: none is. */
  readonly onWay?: (way: ShownWay | null) => void;
}

/** ms from step to step at full speed. */
const PACE = 900;
/** ms between two looks: what is told of rules makes no step, so nothing else has the panel drawn anew. */
const LOOK_AGAIN = 1000;
/** ms after time went on: what the machines are asked then does not get in the way of what the reader let go on. */
const ASK_LATER = 2500;

export function JourneyPanel({ lab, time, onWay }: JourneyPanelProps) {
  const state = useFrameValue(time.state);
  const tracing = useFrameValue(time.tracing.state);
  const isTracing = tracing.words !== null;
  const { steps, frozen, awaits, speed, breakpoints, said } = state;
  const [playing, setPlaying] = useState(false);
  const [onlyThis, setOnlyThis] = useState(false);
  const [breaking, setBreaking] = useState(false);
  const [, learn] = useState(0);
  const limits = useUniqueId();
  /** Number of the hop that was looked at last. */
  const looked = useRef(0);
  const at = hopLookedAt(state);
  if (at !== null && at.n > 0) looked.current = at.n;
  const journey = at === null || at.n === 0 ? undefined : time.journeys.of(at.n);
  const way = at === null || journey === undefined ? null : wayOf(journey, at.n);
  // Told again only when there is something else to draw.
  const wayKey = way === null ? '' : `${journey?.id} ${way.at} ${way.steps.length} ${way.lost}`;
  useEffect(() => onWay?.(way), [wayKey]);
  const traceable = journey === undefined ? LOOK_FIRST : matchesOf(journey);
  const atEnd = steps.position >= steps.total + Math.min(1, steps.held);

  useEffect(() => {
    const ending = new AbortController();
    onStepLink((position) => {
      if (position <= time.state.peek().steps.total) time.seek(position);
    }, ending.signal);
    return () => ending.abort();
  }, [time]);

  useEffect(() => {
    if (at !== null) linkToStep(steps.position);
  }, [at, steps.position]);

  useEffect(() => showsBackground.subscribe((shows) => time.leaveOut(shows ? () => false : isBackground)), [time]);

  // Only what somebody has looked at is worth a machine's time.
  useEffect(() => {
    if (frozen || looked.current === 0) return;
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const askLater = (): void => {
      timer = setTimeout(async () => {
        // One that does not answer is asked again.
        await time.journeys.ask(looked.current).catch(() => {});
        learn((n) => n + 1);
        // Asked while its end was not decided, a machine knows more a moment later.
        if (!isOver && time.journeys.pending(looked.current) !== '') askLater();
      }, ASK_LATER);
    };
    askLater();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [frozen, time, at?.n]);

  useEffect(() => {
    if (!isTracing || at === null) return;
    const timer = setInterval(() => learn((n) => n + 1), LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [isTracing, at === null]);

  // In its own time, however often a busy lab has this rendered meanwhile.
  const playOn = useRef(stepOn);
  playOn.current = stepOn;
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      if (!playOn.current(false)) setPlaying(false);
    }, PACE / speed);
    return () => clearInterval(timer);
  }, [playing, speed]);

  /** What is to be said of an end besides what is known of it. */
  function moreOf(journey: Journey, n: number): string {
    if (isByUnnamedRule(journey)) return WHICH_RULE;
    if (journey.end !== 'unknown') return '';
    return frozen && time.isHeld(n) ? 'It waits on a wire: a step lets it go on.' : time.journeys.pending(n);
  }

  /** One step forward; false if there is none without letting time go on, and that was not wanted. */
  function stepOn(letGo: boolean): boolean {
    const now = time.state.peek();
    const hop = hopLookedAt(now);
    const next = onlyThis && hop !== null ? nextHop(hop.n) : null;
    if (next !== null) time.showHop(next);
    else if (!letGo && (onlyThis || now.steps.position >= now.steps.total)) return false;
    else if (onlyThis && hop !== null && hop.n > 0) void time.stepHop(hop.n);
    else void time.step();
    return true;
  }

  function nextHop(n: number): number | null {
    const later =
      time.journeys
        .of(n)
        ?.hops.map(({ hop }) => hop.n)
        .filter((id) => id > n) ?? [];
    return later.length === 0 ? null : Math.min(...later);
  }

  const go = {
    time() {
      setPlaying(false);
      if (frozen && awaits === null) void time.goOn();
      else void time.freeze();
    },
    playPause() {
      if (playing) setPlaying(false);
      else if (awaits !== null || (!frozen && at === null)) void time.freeze();
      else if (!atEnd) setPlaying(true);
      else void time.goOn();
    },
    forward() {
      setPlaying(false);
      stepOn(true);
    },
    back() {
      setPlaying(false);
      if (onlyThis && at !== null) time.backHop(at.n);
      else time.back();
    },
    toStart() {
      setPlaying(false);
      const first = onlyThis ? journey?.hops[0]?.hop.n : undefined;
      if (first === undefined) time.toStart();
      else time.showHop(first);
    },
    toEnd() {
      setPlaying(false);
      const last = onlyThis ? journey?.hops.at(-1)?.hop.n : undefined;
      if (last !== undefined) time.showHop(last);
      else if (frozen) time.toEnd();
      else time.follow();
    },
  };

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target as HTMLElement;
    if (target.matches('select, input:not([type=range], [type=checkbox])')) return;
    // A button's own key stays its own.
    if (event.key === ' ' && target.matches('button, input, summary')) return;
    const does = {
      ArrowRight: go.forward,
      ArrowLeft: go.back,
      Home: go.toStart,
      End: go.toEnd,
      ' ': go.playPause,
    }[event.key];
    if (does === undefined) return;
    event.preventDefault();
    does();
  }

  return (
    <section class="jn ls-panel" aria-label="Time" onKeyDown={onKey}>
      <Transport
        steps={steps}
        waits={awaits !== null}
        follows={at === null && !frozen}
        frozen={frozen}
        atEnd={atEnd}
        speed={speed}
        breaking={breaking}
        breakpoints={breakpoints.length}
        playing={playing}
        whyNot={{ stop: time.whyNoStop, slow: whyNot(lab.machines, 'slow'), id: limits }}
        go={go}
        onSeek={(position) => {
          setPlaying(false);
          time.seek(position);
        }}
        onSpeed={(factor) => time.setSpeed(factor)}
        onBreaking={() => setBreaking(!breaking)}
      />
      <TraceBar tracing={time.tracing} state={tracing} wanted={typeof traceable === 'string' ? null : traceable} />
      {breaking && <BreakpointBar lab={lab} time={time} state={state} />}
      <DropNotice
        dropped={time.journeys.dropped}
        severalMachines={lab.machines.length > 1}
        looked={at === null ? undefined : journey?.id}
        onShow={(n) => {
          setPlaying(false);
          time.showHop(n);
        }}
      />
      {awaits !== null && <p class="jn-awaits">Waiting for {awaits}: time goes on until it is there.</p>}
      {at !== null && (
        <HopStrip
          journey={journey}
          at={at}
          onlyThis={onlyThis}
          onOnlyThis={setOnlyThis}
          onNow={frozen ? undefined : go.toEnd}
          tracing={isTracing}
          whyNoTrace={time.tracing.whyNot || (typeof traceable === 'string' ? traceable : '')}
          onTracing={() => {
            if (isTracing) time.tracing.stop();
            else if (typeof traceable !== 'string') time.tracing.trace(traceable);
          }}
          severalMachines={lab.machines.length > 1}
          positionOf={(n) => time.positionOf(n)}
          onShow={(n) => {
            setPlaying(false);
            time.showHop(n);
          }}
          shownAs={steps.shownAs}
          shownAsWords={
            steps.shownAs === null
              ? ''
              : shownAsWords({ shownAs: steps.shownAs, ranPast: steps.total - steps.position }, frozen)
          }
          more={journey === undefined || at === null ? '' : moreOf(journey, at.n)}
        />
      )}
      <p class="sr-only" aria-live="polite">
        {awaits === null ? said : `Waiting for ${awaits}.`}
      </p>
      <p class="sr-only" role="status">
        {isTracing ? `Tracing rules: ${tracing.words}.` : ''}
      </p>
    </section>
  );
}

const LOOK_FIRST = 'Look at a packet first: step back, or stop time. Rules that see packets like it are traced then.';

function wayOf(journey: Journey, at: number): ShownWay {
  return {
    steps: journey.hops.map(({ hop, after }) => ({ hop, before: journey.hops[after]?.hop ?? null })),
    at,
    lost: journey.end === 'dropped' ? `${verdictOf(journey)}: ${journey.why}` : '',
  };
}
