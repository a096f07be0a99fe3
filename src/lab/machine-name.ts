// What machines and wires can be called. Their names become host names, ids in the page, and places: "host-01/eth0", "wire/lan".
import { WIRE } from '../hop/hop.ts';

/** RFC 1123 section 2.1: what a host can be called, here without dots. */
export const hostName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What no machine may be called: "wire/lan" would be its device lan as well as the wire of that name. */
export const notForMachines: string = WIRE;
