// Where else the packet was seen, how it ended, and what this hop changed in it.
import type { Change } from '../../../journey/changes.ts';
import type { Journey, JourneyHop } from '../../../journey/journey.ts';
import { verdictOf } from '../../../journey/verdict.ts';
import { Button } from '../../ui/button.tsx';
import { RulePaths } from '../../ui/rule-path.tsx';
import { Sources } from '../../ui/sources.tsx';
import { inList, plural } from '../../ui/words.ts';
import './packet-way.css';

interface WayProps {
  readonly journey: Journey;
  /** Number of the packet that is looked at: one of the journey's hops. */
  readonly n: number;
  /** What may be said of its end later; "" when all is known. */
  readonly pending: string;
  readonly onShow: (n: number) => void;
}

export function PacketWay({ journey, n, pending, onShow }: WayProps) {
  const start = journey.hops[0]?.time ?? 0;
  return (
    <section class="pk-way" aria-label="Way of this packet">
      <ol class="pk-hops">
        {journey.hops.map((hop) => (
          <li key={hop.hop.n}>
            <Button aria-current={hop.hop.n === n ? 'true' : undefined} onClick={() => onShow(hop.hop.n)}>
              {hop.at}
              {hop.hop.direction !== 'unknown' && ` ${hop.hop.direction}`}
              <span class="pk-soft"> +{microseconds(hop.time - start)}</span>
              {hop.changes.length > 0 && <span class="pk-badge">{plural(hop.changes.length, 'change')}</span>}
            </Button>
          </li>
        ))}
      </ol>
      <p>
        <strong>{verdictOf(journey)}</strong>: {inList(journey.why)}.
        {journey.end === 'unknown' && pending !== '' && ` ${pending}`}
        {journey.answeredBy !== null && (
          <>
            {' '}
            <Other n={journey.answeredBy} onShow={onShow}>
              Its answer
            </Other>
          </>
        )}
        {journey.about !== null && (
          <>
            {' '}
            <Other n={journey.about} onShow={onShow}>
              The packet that this error is about
            </Other>
          </>
        )}
      </p>
      {journey.repeats !== null && (
        <p>
          {REPEATS[journey.repeats.kind]}{' '}
          <Other n={journey.repeats.of} onShow={onShow}>
            The first
          </Other>
        </p>
      )}
      <Sources journey={journey} />
      <RulePaths journey={journey} />
    </section>
  );
}

const REPEATS = {
  retransmission: 'TCP sent these bytes again.',
  repeat: 'The same was there before, to the last byte: sent again, or doubled.',
  duplicate: 'This packet was doubled on its way.',
} as const;

interface OtherProps {
  readonly n: number;
  readonly onShow: (n: number) => void;
  readonly children: string;
}

const Other = ({ n, onShow, children }: OtherProps) => (
  <Button class="pk-inline" onClick={() => onShow(n)}>
    {children}: {n}
  </Button>
);

const microseconds = (seconds: number): string => `${Math.round(seconds * 1e6).toLocaleString('en')} µs`;

interface ChangesProps {
  readonly hop: JourneyHop;
  readonly hops: readonly JourneyHop[];
}

/** What the hop changed, against the one that it follows. */
export function HopChanges({ hop, hops }: ChangesProps) {
  const before = hops[hop.after];
  if (before === undefined) return <p class="pk-soft">This is where the packet was seen first.</p>;
  if (hop.changes.length === 0) return <p class="pk-soft">Nothing changed between {before.at} and here.</p>;
  return <ChangeTable changes={hop.changes} from={before.at} to={hop.at} caption="Changed at this hop" />;
}

interface TableProps {
  readonly changes: readonly Change[];
  readonly from: string;
  readonly to: string;
  readonly caption: string;
}

export function ChangeTable({ changes, from, to, caption }: TableProps) {
  return (
    <table class="pk-changes">
      <caption>{caption}</caption>
      <FieldHead from={from} to={to} />
      <tbody>
        {changes.map((change, index) => (
          <tr key={`${index} ${change.field}`}>
            <th scope="row">{change.field}</th>
            <td>{change.from ?? <span class="pk-soft">not there</span>}</td>
            <td>
              {change.to ?? <span class="pk-soft">not there</span>}
              {change.bytes !== undefined && ` (${change.bytes > 0 ? '+' : '−'}${Math.abs(change.bytes)} bytes)`}
              {change.why !== undefined && <span class="pk-why">{change.why}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Over the values of fields at two places. */
export const FieldHead = ({ from, to }: Pick<TableProps, 'from' | 'to'>) => (
  <thead>
    <tr>
      <th scope="col">Field</th>
      <th scope="col">{from}</th>
      <th scope="col">{to}</th>
    </tr>
  </thead>
);
