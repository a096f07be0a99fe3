// That rules are traced: of which packets, on which machines, and how to end it.
import type { RuleTracing, TracingState } from '../../lab/rule-tracing.ts';
import type { TraceMatches } from '../../lab/trace-matches.ts';
import { Button } from '../ui/button.tsx';
import './trace-bar.css';

interface Props {
  readonly tracing: RuleTracing;
  readonly state: TracingState;
  /** Of the packet that is looked at; null: none is, or nothing of it can be traced. */
  readonly wanted: TraceMatches | null;
}

export function TraceBar({ tracing, state: { words, machines, troubles }, wanted }: Props) {
  if (words === null) return null;
  const where = machines.length === 0 ? 'asked for' : `on ${machines.join(', ')}`;
  return (
    <section class="jn-trace" aria-label="Rules are traced">
      <p>
        <strong class="jn-traced">Tracing rules</strong> {where}: {words}. Of packets from now on: do it again.
      </p>
      {troubles.map((trouble) => (
        <p key={trouble} class="jn-trouble">
          {trouble}
        </p>
      ))}
      <span class="jn-trace-keys">
        {wanted !== null && wanted.words !== words && (
          <Button onClick={() => tracing.trace(wanted)}>Trace this packet’s instead</Button>
        )}
        <Button onClick={() => tracing.stop()}>Stop tracing</Button>
      </span>
      <details class="ls-sources">
        <summary>What is done?</summary>
        <p>
          A table of its own marks these packets, at most 10 a second each way, and the kernel tells of each chain and
          rule that they meet: <code>nft list table inet lockstep_trace</code>. Of the machine’s own rules, not of those
          inside of containers.
        </p>
      </details>
    </section>
  );
}
