import { type ComponentChildren, isValidElement, type VNode } from 'preact';
import { describe, expect, it } from 'vitest';
import { Transport } from './transport.tsx';

const nothing = () => undefined;
const idle: Parameters<typeof Transport>[0] = {
  steps: { position: 3, total: 3, first: 0, held: 0, at: null, shownAs: null, follows: true, awaits: false },
  waits: false,
  follows: true,
  frozen: false,
  atEnd: true,
  speed: 1,
  breaking: false,
  breakpoints: 0,
  playing: false,
  whyNot: { stop: '', slow: '', id: 'why' },
  go: { time: nothing, playPause: nothing, forward: nothing, back: nothing, toStart: nothing, toEnd: nothing },
  onSeek: nothing,
  onSpeed: nothing,
  onBreaking: nothing,
};
const noStop = 'echo-01 cannot be frozen: nothing here can stop its time.';
const noSlow = 'echo-01 cannot run slowly: nothing here can stretch its time.';
const whyNot = { stop: noStop, slow: noSlow, id: 'why' };

function elementsOf(children: ComponentChildren): VNode<Record<string, unknown>>[] {
  if (Array.isArray(children)) return children.flatMap(elementsOf);
  if (!isValidElement(children)) return [];
  const { props } = children as VNode<Record<string, unknown>>;
  return [children as VNode<Record<string, unknown>>, ...elementsOf(props['children'] as ComponentChildren)];
}

/** What cannot be used, by its name or the beginning of its text. */
function off(props: Partial<typeof idle>): string[] {
  return elementsOf(Transport({ ...idle, ...props }))
    .filter(({ props: its }) => its['disabled'] === true || its['whyNot'] !== undefined)
    .map(({ props: its }) => {
      const described = its['describedBy'] ?? its['aria-describedby'];
      const name =
        its['name'] ?? its['aria-label'] ?? [its['children']].flat().find((child) => typeof child === 'string');
      return described === undefined ? `${name}` : `${name}: ${described}`;
    });
}
const wordsOf = (props: Partial<typeof idle>): unknown =>
  elementsOf(Transport({ ...idle, ...props })).find((element) => element.props['id'] === 'why')?.props['children'];

describe('the keys of time', () => {
  it('can all be pressed where all machines can be stopped and slowed', () => {
    expect(off({})).toEqual([]);
    expect(wordsOf({})).toBeUndefined();
  });

  it('that would stop time are off where a machine cannot, and the reason stands under them', () => {
    expect(off({ whyNot })).toEqual(['Stop time: why', 'Step: why', 'Speed: why', 'Breakpoints: why']);
    expect(wordsOf({ whyNot })).toBe(`${noStop} ${noSlow}`);
  });

  it('let a reader look at what was seen all the same', () => {
    const back = { whyNot, follows: false, atEnd: false };
    expect(off(back)).toEqual(['Stop time: why', 'Speed: why', 'Breakpoints: why']);
    expect(off({ ...back, playing: true })).toEqual(['Stop time: why', 'Speed: why', 'Breakpoints: why']);
  });

  it('have one that lets time go on wherever it stands', () => {
    const goOn = (props: Partial<typeof idle>) =>
      elementsOf(Transport({ ...idle, ...props })).some(({ props: its }) => [its['children']].flat().includes('Go on'));
    expect(goOn({ frozen: true, follows: false })).toBe(true);
    expect(goOn({ frozen: true, follows: false, atEnd: false, whyNot })).toBe(true);
    expect(goOn({ frozen: true, waits: true })).toBe(false);
    expect(goOn({})).toBe(false);
  });
});
