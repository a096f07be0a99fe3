// A row of tabs, by pointer and by keyboard: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ with automatic activation.
// Tabs that are not shown (the picture's, where it stands above) are stepped over.
export interface Tabs {
  /** Brings the tab with this data-tab to the front, without moving the focus. */
  select(name: string): void;
}

export function wireTabs(list: HTMLElement, onSelect: (name: string) => void, signal: AbortSignal): Tabs {
  const all = () => [...list.querySelectorAll<HTMLElement>('[role=tab]')];

  function select(name: string): void {
    for (const tab of all()) {
      const selected = tab.dataset['tab'] === name;
      tab.setAttribute('aria-selected', String(selected));
      tab.tabIndex = selected ? 0 : -1;
    }
    onSelect(name);
  }

  list.addEventListener(
    'click',
    (event) => {
      const tab = event.target instanceof Element ? event.target.closest<HTMLElement>('[role=tab]') : null;
      if (tab?.dataset['tab']) select(tab.dataset['tab']);
    },
    { signal },
  );
  list.addEventListener(
    'keydown',
    (event) => {
      const shown = all().filter((tab) => tab.offsetParent !== null);
      const at = shown.findIndex((tab) => tab.matches(':focus'));
      const last = shown.length - 1;
      const next = { ArrowLeft: at <= 0 ? last : at - 1, ArrowRight: at >= last ? 0 : at + 1, Home: 0, End: last }[
        event.key
      ];
      const tab = next === undefined ? undefined : shown[next];
      if (at < 0 || !tab?.dataset['tab']) return;
      event.preventDefault();
      tab.focus();
      select(tab.dataset['tab']);
    },
    { signal },
  );
  return { select };
}
