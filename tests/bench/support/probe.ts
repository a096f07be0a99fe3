// What measures inside the page. Times are the page's own: from the event that the browser stamped when the input came,
// to the frame that has been painted. Each function is sent to the page as text, so it uses nothing from outside itself.

export interface Probe {
  /** When the Start button was last clicked. */
  clickedAt: number;
  /** When Enter was last pressed. */
  enteredAt: number;
  /** The lines of the terminal in front, without what follows their last character. */
  screen(): string[];
  /** The time at which a frame was painted in which `condition` holds. Looks whenever `root` changes; rejects what it throws. */
  painted(root: Node, condition: () => boolean): Promise<number>;
  /** Calls back when the frame that is being made has been painted. */
  afterPaint(report: (time: number) => void): void;
  /** Asked for before the key is pressed, taken after. */
  awaited: Promise<number> | undefined;
  /** ms from each key to its echo, since the last `clear`. */
  echoes: number[];
  /** Packets drawn, since the last `clear`. `drawnAt` and `time` in ms since the epoch; `time` by the guest's clock. */
  drawn: { readonly time: number; readonly drawnAt: number; readonly mark: number; readonly isRequest: boolean }[];
}

declare global {
  interface Window {
    benchProbe: Probe;
  }
}

export function installProbe(): void {
  const afterPaint = (report: (time: number) => void): void => {
    // Called in a frame's callbacks: a message is delivered once that frame has been through style, layout and paint.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      report(performance.now());
    };
    port2.postMessage(0);
  };
  window.benchProbe = {
    clickedAt: 0,
    enteredAt: 0,
    awaited: undefined,
    echoes: [],
    drawn: [],
    afterPaint,
    screen() {
      const rows = document.querySelectorAll('.term-screen:not([hidden]) .xterm-rows > div');
      return [...rows].map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd());
    },
    painted(root, condition) {
      return new Promise((resolve, reject) => {
        const observer = new MutationObserver(() => look());
        const look = (): void => {
          try {
            if (!condition()) return;
            afterPaint(resolve);
          } catch (error) {
            reject(error);
          }
          observer.disconnect();
        };
        observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
        look();
      });
    },
  };
  window.addEventListener(
    'click',
    (event) => {
      if (event.target instanceof Element && event.target.closest('[data-do=start]'))
        window.benchProbe.clickedAt = event.timeStamp;
    },
    { capture: true },
  );
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Enter') window.benchProbe.enteredAt = event.timeStamp;
    },
    { capture: true },
  );
}

/** From now on, each character typed after the prompt of an empty screen is timed until it stands there. */
export function watchEchoes(): void {
  const { benchProbe: probe } = window;
  const rows = document.querySelector('.term-screen:not([hidden]) .xterm-rows');
  if (rows === null) throw new Error('There is no terminal on the page.');
  let typed = '';
  let waiting: { readonly at: number; readonly text: string }[] = [];
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.key.length === 1 && !event.ctrlKey) {
        typed += event.key;
        waiting.push({ at: event.timeStamp, text: `# ${typed}` });
      } else {
        typed = '';
        waiting = [];
      }
    },
    { capture: true },
  );
  new MutationObserver(() => {
    if (waiting.length === 0) return;
    const screen = probe.screen().join('\n');
    while (waiting[0] !== undefined && screen.includes(waiting[0].text)) {
      const { at } = waiting[0];
      waiting.shift();
      probe.afterPaint((time) => probe.echoes.push(time - at));
    }
  }).observe(rows, { subtree: true, childList: true, characterData: true });
}

/**
 * From now on, each packet that the picture draws is noted, with the guest's time. `ethertype` and the four bytes that
 * follow it mark the frames that the bench itself puts on the wire.
 */
export function watchDrawn(ethertype: number): void {
  const { benchProbe: probe } = window;
  // A packet's bytes begin with the LINUX_SLL2 header: 20 bytes, the protocol in its first two.
  const markOf = (bytes: Uint8Array): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return bytes.length >= 24 && view.getUint16(0) === ethertype ? view.getUint32(20) : 0;
  };
  const isEchoRequest = (bytes: Uint8Array): boolean => {
    const [ip, icmp] = [20, 20 + 4 * ((bytes[20] ?? 0) & 15)];
    return bytes[0] === 8 && bytes[1] === 0 && bytes[ip + 9] === 1 && bytes[icmp] === 8;
  };
  window.addEventListener(
    'lockstep:drawn',
    (event) => {
      if (!(event instanceof CustomEvent)) return;
      const hops = event.detail as readonly { readonly time: number; readonly bytes: Uint8Array }[];
      probe.afterPaint((now) => {
        const drawnAt = performance.timeOrigin + now;
        for (const { time, bytes } of hops)
          probe.drawn.push({ time: time * 1000, drawnAt, mark: markOf(bytes), isRequest: isEchoRequest(bytes) });
      });
    },
    { capture: true },
  );
}
