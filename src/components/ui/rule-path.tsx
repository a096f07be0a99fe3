// The ways of a packet through the firewalls of the machines that traced it: the hooks as a figure, and under it each rule that saw it.
import type { RuleEvidence } from '../../journey/evidence/rules.ts';
import type { Journey } from '../../journey/journey.ts';
import { hooksPassed, isBridged, type RuleLine, ruleLines } from '../../journey/rule-path.ts';
import { isByUnnamedRule, WHICH_RULE } from '../../journey/verdict.ts';
import { HookFigure } from './hook-figure.tsx';
import './rule-path.css';

export function RulePaths({ journey }: { readonly journey: Journey }) {
  if (isByUnnamedRule(journey)) return <p class="rp-none">{WHICH_RULE}</p>;
  return (
    <>
      {journey.rules.map((way, index) => (
        <RulePath key={`${index} ${way.number}`} way={way} journey={journey} />
      ))}
    </>
  );
}

function RulePath({ way, journey }: { readonly way: RuleEvidence; readonly journey: Journey }) {
  const passed = hooksPassed(way, journey.hops);
  const lines = ruleLines(way, journey.hops);
  const names = [...passed].map(([hook, how]) => (how === 'ended' ? `${hook}, where it was dropped` : hook));
  const title = `Rules on ${way.machine}`;
  return (
    <section class="rp" aria-label={title}>
      <p class="rp-title">
        <strong>{title}</strong>
        {!way.isWhole && ' Its first chains were not told of.'} Rules inside of containers are not traced.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of the keyboard */}
      <div class="rp-scroll" tabIndex={0}>
        <HookFigure
          passed={passed}
          from={way.came.in}
          to={way.visits.findLast(({ form }) => form.out !== '')?.form.out ?? ''}
          isBridged={isBridged(way)}
          label={names.length === 0 ? 'No hook is known' : `Hooks: ${names.join(', ')}`}
        />
        <p class="rp-none">Filled: it passed. Dotted: no chain there told of it.</p>
        {lines.length === 0 ? (
          <p class="rp-none">No chain was in its way.</p>
        ) : (
          <ol class="rp-lines">
            {lines.map((line, index) => (
              <Line key={index} line={line} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function Line({ line: { table, chain, text, verdict, change, isEnd } }: { readonly line: RuleLine }) {
  return (
    <li class={isEnd ? 'is-end' : undefined}>
      <span class="rp-where">
        {table} {chain}
      </span>{' '}
      <span class="rp-text">{text}</span> <strong class="rp-verdict">{verdict}</strong>
      {change !== '' && <mark class="rp-change">{change}</mark>}
    </li>
  );
}
