// The living picture of a lab: what its kernels say, and the packets that move. Picture or list, and the inspector of one
// device or wire beside it.
import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BACKGROUND } from '../../hop/background.ts';
import type { Hop } from '../../hop/hop.ts';
import type { Journey } from '../../journey/journey.ts';
import { verdictOf } from '../../journey/verdict.ts';
import type { Lab } from '../../lab/lab.ts';
import { wireId } from '../../topology/merge-graphs.ts';
import { MachineBar } from '../machines/machine-bar.tsx';
import { showBackground, showsBackground } from '../ui/background.ts';
import { Button } from '../ui/button.tsx';
import { MaximiseButton } from '../ui/maximise-button.tsx';
import { MenuButton } from '../ui/menu-button.tsx';
import type { ShownHop, ShownWay } from '../ui/shown-hop.ts';
import { useSignalValue } from '../ui/use-signal-value.ts';
import { plural } from '../ui/words.ts';
import { announceChanges } from './inspector/change-announcer.ts';
import { DeviceList } from './inspector/device-list.tsx';
import { Inspector } from './inspector/inspector.tsx';
import { WireInspector } from './inspector/wire-inspector.tsx';
import type { PlayerStatus } from './motion/packet-player.ts';
import type { Picture } from './picture/picture.ts';
import { linkProse } from './prose-links.ts';
import './topology.css';

export interface TopologyPanelProps {
  readonly lab: Lab;
  /** Called in the frame in which something of a hop is first drawn: its device lights up, its packet sets out. */
  readonly onDrawn?: (hop: Hop) => void;
  /** The packet that the reader looks at, instead of what happens; null: none. */
  readonly shown?: ReadonlySignal<ShownHop | null>;
  /** The way of that packet. */
  readonly way?: ReadonlySignal<ShownWay | null>;
  /** Packets that were seen to be dropped. */
  readonly dropped?: ReadonlySignal<readonly Journey[]>;
  /** The picture takes all the room of the lab, or gives it back. */
  readonly onMaximise?: () => void;
  /** Brings a machine's terminal to the front. */
  readonly onTerminal?: (machine: string) => void;
  /** Called when one machine of several is back at its start. */
  readonly onReset?: (machine: string) => void;
}

const QUIET: PlayerStatus = { addedUp: 0, leftOut: 0, isBehind: false };

export function TopologyPanel({
  lab,
  onDrawn,
  shown,
  way,
  dropped,
  onMaximise,
  onTerminal,
  onReset,
}: TopologyPanelProps) {
  const graph = useSignalValue(lab.graph);
  const [view, setView] = useState<'picture' | 'list'>('picture');
  const [selected, setSelected] = useState<string | null>(null);
  const wire = lab.wires.find(({ name }) => wireId(name) === selected);
  const [status, setStatus] = useState<PlayerStatus>(QUIET);
  const [failure, setFailure] = useState('');
  const [saved, setSaved] = useState('');
  const [attempt, setAttempt] = useState(0);
  const [near, setNear] = useState<string | null>(null);
  const host = useRef<HTMLFieldSetElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const picture = useRef<Picture | null>(null);
  const drawn = useRef(onDrawn);
  drawn.current = onDrawn;
  const marked = useRef(selected);
  marked.current = selected;

  useEffect(() => {
    const element = host.current;
    if (view !== 'picture' || element === null) return;
    let ended = false;
    let end = (): void => undefined;
    setFailure('');
    import('./picture/picture.ts').then(
      ({ Picture }) => {
        if (ended) return;
        const made = new Picture({ lab, host: element, onSelect: setSelected, onDrawn: (hop) => drawn.current?.(hop) });
        const stop = made.player.status.subscribe(setStatus);
        const stopShown = shown?.subscribe((hop) => made.player.show(hop));
        const stopWay = way?.subscribe((shownWay) => made.player.showWay(shownWay));
        const stopBackground = showsBackground.subscribe((shows) => made.player.hideBackground(!shows));
        const stopDropped = dropped?.subscribe(crossOut(made));
        const pointing = new AbortController();
        linkProse(lab.graph, (ids) => made.light(ids), pointing.signal);
        picture.current = made;
        made.select(marked.current);
        end = () => {
          stop();
          stopShown?.();
          stopWay?.();
          pointing.abort();
          stopBackground();
          stopDropped?.();
          made.dispose();
          picture.current = null;
          setStatus(QUIET);
          setNear(null);
        };
      },
      (error: unknown) =>
        setFailure(
          `The picture could not be loaded: ${error instanceof Error ? error.message : String(error)}. The list works without it.`,
        ),
    );
    return () => {
      ended = true;
      end();
    };
  }, [lab, view, attempt, shown, way, dropped]);

  useEffect(() => {
    const inspector = root.current?.querySelector('.tp-inspector');
    picture.current?.select(selected, inspector?.clientWidth);
  }, [selected]);

  function show(machine: string | null): void {
    setNear(machine);
    picture.current?.showMachine(machine);
  }

  async function save(format: 'svg' | 'png'): Promise<void> {
    if (root.current === null) return;
    try {
      const { savePicture } = await import('./export/save-picture.ts');
      setSaved(`Saved as ${await savePicture(graph, format, lab.title, root.current)}.`);
    } catch (error) {
      setSaved(`The picture could not be saved: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  function close(): void {
    const id = selected;
    setSelected(null);
    if (id === null || picture.current?.focus(id)) return;
    const inList = [...(root.current?.querySelectorAll<HTMLElement>('.tp-list-device') ?? [])].find(
      (button) => button.dataset.device === id,
    );
    (inList ?? root.current?.querySelector<HTMLElement>('.tp-tools button'))?.focus();
  }

  return (
    <div class="tp ls-panel" ref={root}>
      <div class="tp-head">
        {lab.machines.length > 1 && (
          <MachineBar
            lab={lab}
            near={near}
            onNear={view === 'picture' ? show : undefined}
            onTerminal={(machine) => onTerminal?.(machine)}
            onReset={(machine) => onReset?.(machine)}
          />
        )}
        <div class="tp-tools" role="toolbar" aria-label="Picture">
          {view === 'picture' && (
            <>
              <Button icon aria-label="Smaller" title="Smaller" onClick={() => picture.current?.zoomBy(0.8)}>
                −
              </Button>
              <Button icon aria-label="Larger" title="Larger" onClick={() => picture.current?.zoomBy(1.25)}>
                +
              </Button>
              <Button onClick={() => show(null)}>{near === null ? 'Fit' : 'All'}</Button>
            </>
          )}
          <Button pressed={view === 'list'} onClick={() => setView(view === 'list' ? 'picture' : 'list')}>
            List
          </Button>
          <MenuButton label="Save" name="Save the picture">
            {(close) =>
              (['svg', 'png'] as const).map((format) => (
                <Button
                  key={format}
                  look="menu"
                  whyNot={graph.devices.length === 0 ? 'There is nothing in the picture yet.' : undefined}
                  onClick={() => {
                    close();
                    void save(format);
                  }}
                >
                  Picture as {format.toUpperCase()}
                </Button>
              ))
            }
          </MenuButton>
          {onMaximise !== undefined && <MaximiseButton name="picture" onPress={onMaximise} />}
        </div>
      </div>
      <div class="tp-stage">
        {view === 'picture' ? (
          <fieldset
            class="tp-picture"
            aria-label="Picture of the network. Arrow keys go from device to device and to the wires, Enter inspects one, plus and minus zoom."
            ref={host}
          />
        ) : (
          <div class="tp-scroll">
            <DeviceList graph={graph} selected={selected} onSelect={setSelected} />
          </div>
        )}
        {view === 'picture' && graph.devices.length === 0 && failure === '' && (
          <p class="ls-empty tp-over">Waiting for the kernel's first report.</p>
        )}
        {failure !== '' && (
          <div class="ls-failure tp-over" role="alert">
            <p>{failure}</p>
            <Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>
          </div>
        )}
        <Status status={status} onCatchUp={() => picture.current?.player.catchUp()} />
        {/* Each anew: what was read of one is not shown under the name of the next. */}
        {wire !== undefined && <WireInspector key={selected} wire={wire} onClose={close} />}
        {selected !== null && wire === undefined && (
          <Inspector key={selected} lab={lab} graph={graph} deviceId={selected} onClose={close} />
        )}
      </div>
      <Announcements lab={lab} />
      <p class="sr-only" aria-live="polite">
        {saved}
      </p>
    </div>
  );
}

function Status({ status, onCatchUp }: { readonly status: PlayerStatus; readonly onCatchUp: () => void }) {
  const lines: string[] = [];
  if (status.addedUp > 0) lines.push(`${plural(status.addedUp, 'packet')} added up on the lines, too many to draw.`);
  if (status.isBehind) lines.push('Behind what happens: packets move faster until it is caught up.');
  if (status.leftOut > 0) lines.push(`${plural(status.leftOut, 'packet')} of ${BACKGROUND} not drawn.`);
  if (lines.length === 0) return null;
  return (
    <div class="tp-status">
      <span>{lines.join(' ')}</span>
      {status.leftOut > 0 && <Button onClick={() => showBackground(true)}>Draw them</Button>}
      {status.isBehind && <Button onClick={onCatchUp}>Skip to now</Button>}
    </div>
  );
}

/** A cross for each packet that is told of from now on. */
function crossOut({ player }: Picture): (dropped: readonly Journey[]) => void {
  let known: ReadonlySet<Journey> | null = null;
  return (dropped) => {
    for (const journey of known === null ? [] : dropped) {
      if (known?.has(journey)) continue;
      const { hops, end, grade, reached, why } = journey;
      const device = hops.at(-1)?.hop.deviceId ?? '';
      if (device !== '') player.cross(device, `${verdictOf({ end, grade, reached })}: ${why}`);
    }
    known = new Set(dropped);
  };
}

function Announcements({ lab }: { readonly lab: Lab }) {
  const announcer = useMemo(() => announceChanges(lab.graph), [lab]);
  useEffect(() => () => announcer.dispose(), [announcer]);
  const sentence = useSignalValue(announcer.sentence);
  return (
    <p class="sr-only" aria-live="polite">
      {sentence}
    </p>
  );
}
