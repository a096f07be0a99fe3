// The way of one packet as a strip: where it was seen, in order, and what each hop changed in it.
import { useEffect, useRef } from 'preact/hooks';
import type { Hop } from '../../hop/hop.ts';
import type { Change } from '../../journey/changes.ts';
import type { Journey, JourneyHop } from '../../journey/journey.ts';
import { verdictOf } from '../../journey/verdict.ts';
import { packetWords, whereWords } from '../../lab/time-words.ts';
import { summarize } from '../../packet/summary.ts';
import type { ShownAs } from '../../wire/stepper.ts';
import { Button } from '../ui/button.tsx';
import { RulePaths } from '../ui/rule-path.tsx';
import { Sources } from '../ui/sources.tsx';
import { inList } from '../ui/words.ts';
import { stepLink } from './step-link.ts';
import './hop-strip.css';

interface Props {
  readonly journey: Journey | undefined;
  readonly at: Hop;
  /** Steps keep to this packet. */
  readonly onlyThis: boolean;
  readonly onOnlyThis: (only: boolean) => void;
  /** Back to what happens now; undefined while time stands. */
  readonly onNow: (() => void) | undefined;
  /** The rules that see packets are told of. */
  readonly tracing: boolean;
  /** Why they cannot be, a sentence; "" where they can. */
  readonly whyNoTrace: string;
  readonly onTracing: () => void;
  readonly severalMachines: boolean;
  readonly positionOf: (n: number) => number | null;
  readonly onShow: (n: number) => void;
  readonly shownAs: ShownAs | null;
  /** Whether it stands here or is looked back at, in words. */
  readonly shownAsWords: string;
  /** What may be said of its end later; "" when all is known. */
  readonly more: string;
}

/** Changes of a hop that the strip has room for. */
const MOST_CHANGES = 1;

export function HopStrip({
  journey,
  at,
  onlyThis,
  onOnlyThis,
  onNow,
  tracing,
  whyNoTrace,
  onTracing,
  severalMachines,
  positionOf,
  onShow,
  shownAs,
  shownAsWords,
  more,
}: Props) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const current = list.current?.querySelector('[aria-current]');
    const box = list.current;
    if (!(current instanceof HTMLElement) || box === null) return;
    const [inner, outer] = [current.getBoundingClientRect(), box.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) box.scrollLeft += inner.left - outer.left - 24;
  }, [at, journey?.hops.length]);
  const { family } = summarize(at.bytes, at.linkType, at.originalLength);
  const follow = (n: number) => (event: MouseEvent) => {
    event.preventDefault();
    onShow(n);
  };
  const answer = journey === undefined || journey.answeredBy === null ? null : positionOf(journey.answeredBy);
  return (
    <div class={`jn-strip hue-${family}`}>
      <p class="jn-title">
        <span class="jn-dot" aria-hidden="true" />
        <span class="jn-words">
          {packetWords(at)}, {whereWords(at, severalMachines)}
        </span>
        <span class={shownAs === 'held' ? 'jn-shown-as jn-held' : 'jn-shown-as jn-soft'}>{shownAsWords}</span>
        {onNow !== undefined && <Button onClick={onNow}>Back to now</Button>}
        <label class="jn-check">
          <input type="checkbox" checked={onlyThis} onChange={(event) => onOnlyThis(event.currentTarget.checked)} />
          This packet only
        </label>
        <Button
          class="jn-trace-key"
          pressed={tracing}
          title="Which rules of the firewalls see packets like this one"
          whyNot={tracing || whyNoTrace === '' ? undefined : whyNoTrace}
          onClick={onTracing}
        >
          Trace rules
        </Button>
      </p>
      <section aria-label="Way of the packet">
        <ol class="jn-hops" ref={list}>
          {journey?.hops.map((hop, index) => {
            const hops = journey.hops;
            const position = positionOf(hop.hop.n);
            const name = nameOf(hop, severalMachines);
            return (
              <li key={hop.hop.n}>
                <a
                  class="jn-hop"
                  href={position === null ? undefined : stepLink(position)}
                  aria-current={hop.hop.n === at.n ? 'step' : undefined}
                  onClick={follow(hop.hop.n)}
                >
                  <span class="jn-at">
                    <span class="jn-count">{index + 1}</span> {name}
                  </span>
                  <span class="jn-soft">
                    {hop.hop.direction === 'unknown' ? '' : hop.hop.direction}
                    {index > 0 && ` +${Math.round((hop.time - (hops[0]?.time ?? 0)) * 1e6).toLocaleString('en')} µs`}
                    {index > 0 && hop.after !== index - 1 && ` after ${afterWords(hops[hop.after], severalMachines)}`}
                  </span>
                  {hop.changes.length > 0 && (
                    <span class="jn-change" title={hop.changes.map(whole).join('\n')}>
                      {hop.changes.slice(0, MOST_CHANGES).map(changeWords).join(', ')}
                      {hop.changes.length > MOST_CHANGES && `, ${hop.changes.length - MOST_CHANGES} more`}
                    </span>
                  )}
                </a>
              </li>
            );
          })}
        </ol>
        <div class="jn-end" data-end={journey?.end}>
          {journey !== undefined && (
            <>
              <p class="jn-verdict">
                <strong>{verdictOf(journey)}</strong>
                {answer !== null && (
                  <a href={stepLink(answer)} onClick={follow(journey.answeredBy ?? 0)}>
                    To its answer
                  </a>
                )}
                <span class="jn-soft">
                  {inList(journey.why)}
                  {more !== '' && `. ${more}`}
                </span>
              </p>
              <Sources key={journey.id} journey={journey} />
            </>
          )}
        </div>
        {journey !== undefined && journey.rules.length > 0 && (
          <div class="jn-rules">
            <RulePaths journey={journey} />
          </div>
        )}
      </section>
    </div>
  );
}

function nameOf({ at, hop }: JourneyHop, severalMachines: boolean): string {
  return severalMachines || hop.device === '' ? at : at.replace(/^[^/]+\//, '');
}

const afterWords = (hop: JourneyHop | undefined, severalMachines: boolean): string =>
  hop === undefined ? 'nothing that was seen' : nameOf(hop, severalMachines);

function changeWords({ field, from, to, bytes }: Change): string {
  if (bytes !== undefined) return `${bytes > 0 ? '+' : '−'}${Math.abs(bytes)} bytes: ${to ?? from}`;
  return `${field} ${from ?? 'none'} → ${to ?? 'none'}`;
}

const whole = (change: Change): string => `${changeWords(change)}${change.why === undefined ? '' : `: ${change.why}`}`;
