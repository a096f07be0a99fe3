// A packet that was dropped announces itself: what it was, where, why, and a button that shows its way.
import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { placeOf } from '../../hop/hop.ts';
import type { Journey } from '../../journey/journey.ts';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/words.ts';
import './drop-notice.css';

interface Props {
  readonly dropped: ReadonlySignal<readonly Journey[]>;
  readonly severalMachines: boolean;
  /** Id of the packet that is looked at, whose verdict stands there anyway. */
  readonly looked: number | undefined;
  /** Wants to see this hop, by its number. */
  readonly onShow: (n: number) => void;
}

export function DropNotice({ dropped, severalMachines, looked, onShow }: Props) {
  const [all, setAll] = useState(dropped.peek());
  /** The last one that was looked at or put away: the list lets go of its oldest. */
  const [done, setDone] = useState(dropped.peek().at(-1));
  useEffect(() => dropped.subscribe(setAll), [dropped]);
  const latest = all.at(-1);
  useEffect(() => {
    if (latest !== undefined && latest.id === looked) setDone(latest);
  }, [latest, looked]);
  const last = latest?.hops.at(-1);
  const count = all.length - 1 - (done === undefined ? -1 : all.lastIndexOf(done));
  if (latest === undefined || last === undefined || count <= 0) return <p class="sr-only" role="status" />;
  const place = severalMachines ? placeOf(last.hop) : last.hop.device || placeOf(last.hop);
  const putAway = (): void => setDone(latest);
  return (
    <div class="jn-dropped">
      <p role="status">
        <strong>✗ Dropped</strong> at <code>{place}</code>: {latest.summary}.
        {count > 1 && ` The last of ${plural(count, 'packet')}.`}
      </p>
      <Button
        look="primary"
        onClick={() => {
          putAway();
          onShow(last.hop.n);
        }}
      >
        Show its way
      </Button>
      <Button icon aria-label="Put the notice away" title="Put the notice away" onClick={putAway}>
        ×
      </Button>
    </div>
  );
}
