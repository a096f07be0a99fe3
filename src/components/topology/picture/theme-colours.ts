// The site's colour tokens as plain rgb(), for what draws on a canvas: cytoscape reads neither custom properties nor
// oklch() or light-dark(). The browser resolves them on an element that stands where the picture stands.
export type ColourName =
  | 'bg'
  | 'surface'
  | 'surface-2'
  | 'text'
  | 'muted'
  | 'line'
  | 'line-strong'
  | 'accent'
  | 'bad'
  | 'arp'
  | 'icmp'
  | 'udp'
  | 'tcp'
  | 'dns'
  | 'http'
  | 'other';

export type Colours = Readonly<Record<ColourName, string>>;

const NAMES: readonly ColourName[] = [
  'bg',
  'surface',
  'surface-2',
  'text',
  'muted',
  'line',
  'line-strong',
  'accent',
  'bad',
  'arp',
  'icmp',
  'udp',
  'tcp',
  'dns',
  'http',
  'other',
];

/** As they are where `host` stands. */
export function readColours(host: HTMLElement): Colours {
  const probe = document.createElement('span');
  probe.hidden = true;
  host.append(probe);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const colours = Object.fromEntries(
    NAMES.map((name) => {
      probe.style.color = `var(--ls-${name})`;
      const computed = getComputedStyle(probe).color;
      if (context === null) return [name, computed];
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = computed;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
      return [name, `rgb(${r}, ${g}, ${b})`];
    }),
  ) as Record<ColourName, string>;
  probe.remove();
  return colours;
}

/** Calls when the reader or the system switches between light and dark. */
export function onThemeChange(listener: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] });
  signal.addEventListener('abort', () => observer.disconnect());
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
    matchMedia(query).addEventListener('change', listener, { signal });
  }
}
