// What is under way, in a line. From the second second on it has a bar, and says for how long already: nobody is to wonder
// whether a press was heard.
import { useEffect, useState } from 'preact/hooks';
import { durationWords } from './words.ts';
import './busy-line.css';

interface Props {
  /** "Keeping this moment"; "" when nothing is under way. */
  readonly words: string;
}

export function BusyLine({ words }: Props) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (words === '') return;
    const begun = performance.now();
    const clock = setInterval(() => setSeconds((performance.now() - begun) / 1000), 250);
    return () => clearInterval(clock);
  }, [words]);
  if (words === '') return null;
  return (
    <span class="ls-busy">
      {words} …
      {seconds >= 1 && (
        <span class="ls-busy-more" aria-hidden="true">
          {/* It moves with the clock: an animation without end takes a core of a computer without a graphics card. */}
          <progress style={{ backgroundPositionX: `${-60 * seconds}%` }} /> {durationWords(seconds)}
        </span>
      )}
    </span>
  );
}
