// What can be asked of the picture of a network: whether it can be read.
import { expect, type Page } from '@playwright/test';

interface Legibility {
  /** Px on the screen. */
  readonly smallest: number;
  /** Texts that stand outside the picture's window. */
  readonly outside: string[];
  /** Names and addresses of which something is cut off; veths may be. */
  readonly cut: string[];
  readonly addresses: string[];
}

/** All text of the picture is at least 12 px high, whole, and in sight. @returns the addresses in it */
export async function expectLegible(page: Page): Promise<string[]> {
  await expect.poll(async () => faultsOf(await look(page)), { timeout: 20_000 }).toEqual([]);
  return (await look(page)).addresses;
}

function faultsOf({ smallest, outside, cut }: Legibility): string[] {
  return [
    ...(smallest < 11.95 ? [`text of ${smallest} px`] : []),
    ...outside.map((text) => `out of sight: ${text}`),
    ...cut.map((text) => `cut: ${text}`),
  ];
}

const look = (page: Page): Promise<Legibility> =>
  page.evaluate(() => {
    const stage = document.querySelector('#lab-picture .tp-picture')?.getBoundingClientRect() ?? new DOMRect();
    const scale = new DOMMatrix(getComputedStyle(document.querySelector('.tp-plane') ?? document.body).transform).a;
    const texts = [...document.querySelectorAll<HTMLElement>('.tp-plane :is(.tp-name, .tp-address, .tp-word)')].filter(
      (element) => element.offsetParent !== null && element.textContent !== '',
    );
    const isCut = (element: HTMLElement) => element.scrollWidth > element.clientWidth + 1;
    const isVeth = (element: HTMLElement) => element.closest('.tp-node-veth') !== null;
    return {
      smallest: Math.min(...texts.map((element) => Number.parseFloat(getComputedStyle(element).fontSize) * scale)),
      outside: texts
        .filter((element) => {
          const box = element.getBoundingClientRect();
          return (
            box.left < stage.left - 1 ||
            box.right > stage.right + 1 ||
            box.top < stage.top - 1 ||
            box.bottom > stage.bottom + 1
          );
        })
        .map(({ textContent }) => textContent ?? ''),
      cut: texts
        .filter((element) => !element.classList.contains('tp-word') && isCut(element) && !isVeth(element))
        .map(({ textContent }) => textContent ?? ''),
      addresses: texts
        .filter(({ className }) => className === 'tp-address')
        .map(({ textContent }) => textContent ?? ''),
    };
  });
