// A capture in its place on the page: imported when there is one, so that the page itself stays small.
import { h, render } from 'preact';
import { PacketView } from '../packet-view.tsx';
import { CaptureSource, type CaptureState } from '../source/capture-source.ts';

export interface OpenedCapture {
  dispose(): void;
}

/** Shows a file's packets in `host` as they are read; `onState` is told how far that is. */
export function openCapture(
  file: Blob,
  name: string,
  host: HTMLElement,
  onState: (state: CaptureState) => void,
): OpenedCapture {
  const source = new CaptureSource(file, name);
  const stop = source.state.subscribe(onState);
  render(h(PacketView, { source, key: name }), host);
  return {
    dispose() {
      stop();
      render(null, host);
    },
  };
}
