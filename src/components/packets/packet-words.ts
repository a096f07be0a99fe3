// How times and places of packets are written in the list.

import { placeOf } from '../../hop/hop.ts';
import type { TapPlace } from './source/packet-source.ts';

/** Seconds since the first packet, to the microsecond that the guest's clock has: "12.004310". */
export function sinceFirst(time: number, origin: number): string {
  return (time - origin).toFixed(6);
}

/** The guest's clock, UTC: "2026-11-23 08:02:42.141756". Built from µs, because a Date has none. */
export function guestClock(time: number): string {
  const micros = Math.round(time * 1e6);
  if (!Number.isSafeInteger(micros) || Math.abs(time) > 8.64e12) return String(time);
  const seconds = Math.floor(micros / 1e6);
  const rest = micros - seconds * 1e6;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${String(rest).padStart(6, '0')}`;
}

/** The device; with its machine where there are several, or where no device is known. */
export function place(at: TapPlace, severalMachines: boolean): string {
  return severalMachines || at.device === '' ? placeOf(at) : at.device;
}
