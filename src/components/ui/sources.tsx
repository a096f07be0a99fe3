// What shows how a packet's way ended, for whoever asks.
import type { Journey } from '../../journey/journey.ts';
import './sources.css';
import { inList } from './words.ts';

const GRADES = {
  seen: 'Seen: this is about this very packet.',
  inferred: 'Inferred: nothing of this shows the end of this very packet.',
  unknown: '',
} as const;

export function Sources({ journey: { from, grade, notes } }: { readonly journey: Journey }) {
  if (from.length === 0 && notes.length === 0) return null;
  return (
    <details class="ls-sources">
      <summary>How do you know?</summary>
      {GRADES[grade] !== '' && <p>{GRADES[grade]}</p>}
      <ul>
        {[...from, ...notes].map((sentence) => (
          <li key={sentence}>{inList(sentence)}</li>
        ))}
      </ul>
    </details>
  );
}
