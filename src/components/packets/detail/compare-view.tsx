// Two packets of the list side by side, or one packet at two places.

import { useMemo, useState } from 'preact/hooks';
import { placeOf } from '../../../hop/hop.ts';
import { dissect } from '../../../packet/dissect.ts';
import { plural } from '../../ui/words.ts';
import type { ListedHop } from '../source/packet-source.ts';
import { ChangeTable, FieldHead } from './packet-way.tsx';
import { compareLayers } from './side-by-side.ts';

interface Props {
  readonly left: ListedHop;
  readonly right: ListedHop;
  /** Seconds since the epoch, all clocks set by one. */
}

export function CompareView({ left, right }: Props) {
  const [all, setAll] = useState(false);
  const { changes, pairs } = useMemo(() => compareLayers(layersOf(left), layersOf(right)), [left, right]);
  const [from, to] = [headOf(left), headOf(right)];
  return (
    <div class="pk-compare">
      <p>
        {changes.length === 0
          ? 'No difference in any field that says something of its own'
          : plural(changes.length, 'difference')}
        ; {elapsed(right.time - left.time)}.
        <label class="pk-check">
          <input type="checkbox" checked={all} onChange={({ currentTarget }) => setAll(currentTarget.checked)} />
          Every field
        </label>
      </p>
      {all ? (
        <table class="pk-changes">
          <caption>Every field of both</caption>
          <FieldHead from={from} to={to} />
          {pairs.map(({ protocol, rows }, index) => (
            <tbody key={`${index} ${protocol}`}>
              <tr class="pk-pair">
                <th scope="rowgroup" colSpan={3}>
                  {protocol}
                </th>
              </tr>
              {rows.map(({ field, left, right }, row) => (
                <tr key={`${row} ${field}`} class={left === right ? undefined : 'is-changed'}>
                  <th scope="row">{field}</th>
                  <td>{left ?? <span class="pk-soft">not there</span>}</td>
                  <td>
                    {right ?? <span class="pk-soft">not there</span>}
                    {left !== right && <span class="sr-only"> differs</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      ) : (
        changes.length > 0 && <ChangeTable changes={changes} from={from} to={to} caption="What differs" />
      )}
    </div>
  );
}

const layersOf = ({ bytes, linkType, originalLength, facts }: ListedHop) =>
  dissect(bytes, linkType, originalLength, facts);
const headOf = (packet: ListedHop): string => `${packet.n}: ${placeOf(packet)}`;

function elapsed(seconds: number): string {
  const micros = Math.round(seconds * 1e6);
  const words = `${Math.abs(micros).toLocaleString('en')} µs`;
  return micros < 0 ? `the second was seen ${words} earlier` : `the second was seen ${words} later`;
}
