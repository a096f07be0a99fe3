// Where a display filter is typed: an ARIA combobox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/) whose list completes
// the word at the caret, or shows the filters used before. A text that is no filter is pointed at below, with what it may have meant.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { compileFilter, type Filter, pointAt } from '../../../packet/filter/compile.ts';
import { complete } from '../../../packet/filter/complete.ts';
import { Button } from '../../ui/button.tsx';
import { keepInSight } from '../../ui/keep-in-sight.ts';
import { loadFilters, rememberFilter } from './filter-history.ts';
import { ideasFor } from './filter-ideas.ts';
import './filter-bar.css';

interface Props {
  readonly text: string;
  onText(text: string): void;
  /** The text became another filter, or blank. While it is no filter, the last one stays. */
  onFilter(filter: Filter): void;
  /** Unique among the page's lists. */
  readonly id: string;
}

interface Choice {
  readonly label: string;
  readonly about: string;
  /** The text and the caret when it is chosen. */
  readonly text: string;
  readonly caret: number;
}

/** ms without a key before a text that is no filter is called one: most are on their way to be. */
const ERROR_DELAY = 700;
/** ms without a key before a filter is tried on all packets. */
const FILTER_DELAY = 120;

export function FilterBar({ text, onText, onFilter, id }: Props) {
  const [caret, setCaret] = useState(0);
  const [list, setList] = useState<'closed' | 'words' | 'history'>('closed');
  const [active, setActive] = useState(-1);
  const [history, setHistory] = useState<readonly string[]>(loadFilters);
  const [complaining, setComplaining] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const listbox = useRef<HTMLDivElement>(null);
  const compiled = useMemo(() => compileFilter(text), [text]);
  const choices = useMemo(
    () => (list === 'history' ? pastChoices(history) : list === 'words' ? wordChoices(text, caret) : []),
    [list, text, caret, history],
  );
  const isOpen = choices.length > 0;

  useEffect(() => {
    const filter = compiled.ok ? compiled.filter : null;
    const applying = filter === null ? undefined : setTimeout(() => onFilter(filter), FILTER_DELAY);
    const complaint = filter === null ? setTimeout(() => setComplaining(true), ERROR_DELAY) : undefined;
    if (filter !== null) setComplaining(false);
    return () => {
      clearTimeout(applying);
      clearTimeout(complaint);
    };
  }, [compiled]);

  useEffect(() => {
    const list = listbox.current;
    if (list !== null) keepInSight(list, list.querySelector('[aria-selected=true]'));
  }, [active]);

  function close(): void {
    setList('closed');
    setActive(-1);
  }

  function write(next: string, at: number): void {
    onText(next);
    setCaret(at);
    // The caret can be put there only once the text is.
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  }

  function choose(choice: Choice): void {
    write(choice.text, choice.caret);
    input.current?.focus();
    close();
  }

  function use(): void {
    close();
    if (!compiled.ok) {
      setComplaining(true);
      return;
    }
    onFilter(compiled.filter);
    setHistory(rememberFilter(text));
  }

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      if (!isOpen) {
        setList(text.trim() === '' && history.length > 0 ? 'history' : 'words');
        setActive(step === 1 ? 0 : -1);
      } else {
        // One more than there are choices: the text itself, as it was typed.
        const places = choices.length + 1;
        setActive(((active + 1 + step + places) % places) - 1);
      }
    } else if (event.key === ' ' && event.ctrlKey) setList('words');
    else if (event.key === 'Enter' || (event.key === 'Tab' && isOpen && active >= 0)) {
      const choice = choices[active];
      if (choice === undefined) use();
      else choose(choice);
    } else if (event.key === 'Escape' && isOpen) close();
    else return;
    event.preventDefault();
  }

  const problem = compiled.ok || !complaining ? null : compiled.error;
  const ideas = problem === null ? [] : ideasFor(text);
  return (
    <search class="pk-search" onFocusOut={(event) => !holds(event.currentTarget, event.relatedTarget) && close()}>
      <div class={problem === null ? 'pk-filter' : 'pk-filter is-wrong'}>
        <input
          ref={input}
          type="text"
          role="combobox"
          placeholder="Filter: ip.addr == 172.17.0.2"
          aria-label="Display filter"
          aria-autocomplete="list"
          aria-expanded={isOpen}
          aria-controls={`${id}-choices`}
          aria-activedescendant={isOpen && active >= 0 ? `${id}-choice-${active}` : undefined}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget: { value, selectionStart } }) => {
            onText(value);
            setCaret(selectionStart ?? value.length);
            setList(/[\w.]$/.test(value.slice(0, selectionStart ?? value.length)) ? 'words' : 'closed');
            setActive(-1);
          }}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart ?? 0)}
          onKeyDown={onKey}
        />
        {text !== '' && (
          <Button
            look="quiet"
            icon
            aria-label="Clear the filter"
            onClick={() => {
              write('', 0);
              input.current?.focus();
            }}
          >
            ×
          </Button>
        )}
        <Button
          look="quiet"
          icon
          aria-label="Filters used before"
          aria-expanded={isOpen && list === 'history'}
          whyNot={history.length === 0 ? 'No filter was used yet.' : undefined}
          onClick={() => {
            setList(list === 'history' ? 'closed' : 'history');
            setActive(-1);
            input.current?.focus();
          }}
        >
          ▾
        </Button>
      </div>
      <div
        class="pk-choices"
        id={`${id}-choices`}
        role="listbox"
        aria-label={list === 'history' ? 'Filters used before' : 'Completions'}
        hidden={!isOpen}
        ref={listbox}
      >
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the combobox's, which names this as its active one
          <div
            key={choice.label}
            id={`${id}-choice-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(choice)}
          >
            <span class="pk-mono">{choice.label}</span>
            <span class="pk-about">{choice.about}</span>
          </div>
        ))}
      </div>
      <div class="pk-problem" id={`${id}-problem`} aria-live="polite">
        {problem !== null && (
          <>
            <pre aria-hidden="true">{pointAt(text, problem)}</pre>
            <p>{problem.message} The list stays as it was.</p>
            {ideas.length > 0 && (
              <p class="pk-ideas">
                {ideas.map(({ filter, about }) => (
                  <Button
                    key={filter}
                    onClick={() => {
                      write(filter, filter.length);
                      setHistory(rememberFilter(filter));
                      input.current?.focus();
                    }}
                  >
                    {about}: <span class="pk-mono">{filter}</span>
                  </Button>
                ))}
              </p>
            )}
          </>
        )}
      </div>
    </search>
  );
}

const holds = (element: HTMLElement, other: EventTarget | null): boolean =>
  other instanceof Node && element.contains(other);

function wordChoices(text: string, caret: number): Choice[] {
  return complete(text, caret).map(({ insert, at, length, about }) => {
    const before = text.slice(0, at) + insert;
    return { label: insert, about, text: before + text.slice(at + length), caret: before.length };
  });
}

const pastChoices = (history: readonly string[]): Choice[] =>
  history.map((text) => ({ label: text, about: '', text, caret: text.length }));
