// Time stands or runs: the one button that says so. From packet to packet; where the reader stands; how fast.
import type { Hop } from '../../hop/hop.ts';
import type { StepperState } from '../../wire/stepper.ts';
import { Button } from '../ui/button.tsx';
import { stepLink } from './step-link.ts';

interface Props {
  readonly steps: StepperState<Hop>;
  /** Time runs until a packet comes that is waited for. */
  readonly waits: boolean;
  /** What happens is shown, not what was. */
  readonly follows: boolean;
  readonly frozen: boolean;
  readonly atEnd: boolean;
  readonly speed: number;
  readonly breaking: boolean;
  readonly breakpoints: number;
  /** Steps are played. */
  readonly playing: boolean;
  /** Why this lab cannot do it, sentences; "" where it can. They stand under the keys, as the element `id`. */
  readonly whyNot: { readonly stop: string; readonly slow: string; readonly id: string };
  readonly go: Readonly<Record<'time' | 'playPause' | 'forward' | 'back' | 'toStart' | 'toEnd', () => void>>;
  readonly onSeek: (position: number) => void;
  readonly onSpeed: (speed: number) => void;
  readonly onBreaking: () => void;
}

const SPEEDS = [1, 0.5, 0.25, 0.1] as const;

export function Transport(props: Props) {
  const { steps, waits, follows, frozen, atEnd, speed, breaking, breakpoints, playing, whyNot, go } = props;
  // What has been seen can be looked at in any lab; time stops only where all machines can be stopped.
  const noStop = whyNot.stop === '' ? {} : { whyNot: whyNot.stop, describedBy: whyNot.id };
  const { first, position, total, held } = steps;
  const none = total + held === 0;
  const nothing = none ? 'No packet was seen yet.' : undefined;
  const last = total + Math.min(1, held);
  const limits = [whyNot.stop, whyNot.slow].filter((words) => words !== '').join(' ');
  const stands = frozen && !waits;
  return (
    <>
      <div class="jn-bar" role="toolbar" aria-label="Steps">
        <Button
          class="jn-time"
          look={stands ? 'primary' : 'plain'}
          size="small"
          aria-describedby={stands ? undefined : noStop.describedBy}
          whyNot={stands ? undefined : noStop.whyNot}
          title={stands ? 'Time stands still in the lab' : 'Stop time in the whole lab, and step from packet to packet'}
          onClick={go.time}
        >
          <Shape of={stands ? 'play' : 'pause'} />
          {stands ? 'Go on' : 'Stop time'}
        </Button>
        <span class="jn-keys">
          <Key name="To the first packet" shape="start" whyNot={nothing} onPress={go.toStart} />
          <Key name="Step back" shape="back" whyNot={nothing} onPress={go.back} />
          {!follows && (
            <Key
              name={playing ? 'Pause' : 'Play'}
              shape={playing ? 'pause' : 'play'}
              whyNot={!playing && atEnd ? 'These are all packets that were seen.' : undefined}
              onPress={go.playPause}
            />
          )}
          <Key name="Step" shape="forward" {...(atEnd ? noStop : {})} onPress={go.forward} />
          <Key name="To the last packet" shape="end" whyNot={nothing} onPress={go.toEnd} />
        </span>
        <input
          type="range"
          class="jn-seek"
          aria-label="Step"
          aria-valuetext={`${position} of ${last}`}
          min={first}
          max={Math.max(last, first + 1)}
          value={position}
          disabled={none}
          onInput={(event) => props.onSeek(event.currentTarget.valueAsNumber)}
        />
        <a class="jn-place" href={stepLink(position)} title="Link to this step">
          {position.toLocaleString('en')} / {last.toLocaleString('en')}
        </a>
        <select
          class="ls-field"
          aria-label="Speed"
          value={String(speed)}
          disabled={whyNot.slow !== ''}
          aria-describedby={whyNot.slow === '' ? undefined : whyNot.id}
          onChange={(event) => props.onSpeed(Number(event.currentTarget.value))}
        >
          {SPEEDS.map((factor) => (
            <option key={factor} value={String(factor)}>
              {factor}×
            </option>
          ))}
        </select>
        <Button
          aria-expanded={breaking}
          aria-describedby={noStop.describedBy}
          whyNot={noStop.whyNot}
          onClick={props.onBreaking}
        >
          Breakpoints{breakpoints > 0 && ` (${breakpoints})`}
        </Button>
      </div>
      {limits !== '' && (
        <p class="jn-soft jn-limits" id={whyNot.id}>
          {limits}
        </p>
      )}
    </>
  );
}

const SHAPES = {
  start: 'M2 3h2v10H2zM9 3v10L4 8zM14 3v10L9 8z',
  back: 'M13 3v10L6 8zM3 3h2v10H3z',
  play: 'M4 3v10l9-5z',
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  forward: 'M3 3v10l7-5zM11 3h2v10h-2z',
  end: 'M2 3v10l5-5zM7 3v10l5-5zM12 3h2v10h-2z',
} as const;

interface KeyProps {
  readonly name: string;
  readonly shape: keyof typeof SHAPES;
  /** Why it can do nothing now. */
  readonly whyNot?: string | undefined;
  /** Id of the words that say it to all. */
  readonly describedBy?: string | undefined;
  readonly onPress: () => void;
}

function Key({ name, shape, whyNot, describedBy, onPress }: KeyProps) {
  return (
    <Button
      class="jn-key"
      icon
      aria-label={name}
      aria-describedby={describedBy}
      title={name}
      whyNot={whyNot}
      onClick={onPress}
    >
      <Shape of={shape} />
    </Button>
  );
}

const Shape = ({ of }: { readonly of: keyof typeof SHAPES }) => (
  <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={SHAPES[of]} fill="currentColor" />
  </svg>
);
