// The switch in the list's toolbar: which rules see what the filter shows, from now on.
import { matchesOfFilter } from '../../lab/filter-matches.ts';
import type { RuleTracing } from '../../lab/rule-tracing.ts';
import type { Filter } from '../../packet/filter/compile.ts';
import { Button } from '../ui/button.tsx';
import { useFrameValue } from '../ui/use-frame-value.ts';

interface Props {
  readonly tracing: RuleTracing;
  readonly filter: Filter;
  say(words: string): void;
}

export function TraceFilter({ tracing, filter, say }: Props) {
  const { words } = useFrameValue(tracing.state);
  const wanted = matchesOfFilter(filter);
  const isThis = typeof wanted !== 'string' && words === wanted.words;
  const whyNot = tracing.whyNot || (typeof wanted === 'string' && words === null ? wanted : '');

  function toggle(): void {
    if (isThis || typeof wanted === 'string') {
      tracing.stop();
      say('Rules are not traced any more.');
      return;
    }
    tracing.trace(wanted);
    say(`Tracing rules: ${wanted.words}. Of packets from now on: do it again.`);
  }

  return (
    <Button
      pressed={words !== null && (isThis || typeof wanted === 'string')}
      onClick={toggle}
      whyNot={whyNot === '' ? undefined : whyNot}
      title="Which rules of the machines’ firewalls see what the filter shows"
    >
      Trace rules
    </Button>
  );
}
