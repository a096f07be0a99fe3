// One wire, as its switch tells of it now: asked about once a second while it is open.

import { useEffect, useState } from 'preact/hooks';
import type { Wire } from '../../../wire/wire.ts';
import { InspectorFrame } from './inspector-frame.tsx';
import { type WireWords, wireWords } from './wire-words.ts';

interface Props {
  readonly wire: Wire;
  readonly onClose: () => void;
}

/** ms */
const ASKED_EVERY = 1000;

export function WireInspector({ wire, onClose }: Props) {
  const [words, setWords] = useState(() => wireWords(wire));

  useEffect(() => {
    const ask = (): void => setWords(wireWords(wire));
    ask();
    const timer = setInterval(ask, ASKED_EVERY);
    return () => clearInterval(timer);
  }, [wire]);

  return (
    <InspectorFrame
      about={wire.name}
      label={`Wire ${wire.name}`}
      title={wire.name}
      word={`wire, ${words.cables}`}
      onClose={onClose}
    >
      <Ports ports={words.ports} />
      <section class="tp-part">
        <h4>What its switch has learnt</h4>
        {words.learnt.length === 0 ? (
          <p class="ls-empty">No address: until a machine sends something, what is for it goes to all.</p>
        ) : (
          <ul class="tp-lines">
            {words.learnt.map(({ mac, port, heard }) => (
              <li key={mac}>
                {mac} is behind the port of {port}, heard {heard}
              </li>
            ))}
            {words.moreLearnt > 0 && <li>and {words.moreLearnt.toLocaleString('en')} more</li>}
          </ul>
        )}
      </section>
      <section class="tp-part">
        <h4>Frames since the lab was opened</h4>
        <ul class="tp-lines">
          {words.counted.map(([name, count]) => (
            <li key={name}>
              {name}: {count}
            </li>
          ))}
        </ul>
      </section>
      <section class="tp-part">
        <h4>Lost</h4>
        {words.lost.length === 0 ? (
          <p class="ls-empty">It has lost no frame.</p>
        ) : (
          <ul class="tp-lines">
            {words.lost.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </section>
    </InspectorFrame>
  );
}

function Ports({ ports }: Pick<WireWords, 'ports'>) {
  return (
    <table class="tp-counters">
      <thead>
        <tr>
          <th scope="col">Port of</th>
          <th scope="col">cable</th>
          <th scope="col">frames from it</th>
          <th scope="col">frames to it</th>
        </tr>
      </thead>
      <tbody>
        {ports.map(({ machine, cable, sent, received }) => (
          <tr key={machine}>
            <th scope="row">{machine}</th>
            <td>{cable}</td>
            <td>{sent}</td>
            <td>{received}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
