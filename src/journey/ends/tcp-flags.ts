// What a TCP segment is by its flags.
import type { Packet } from '../store.ts';

export const isReset = ({ identity }: Packet): boolean => identity.tcp?.resets === true;

/** What begins a connection: it has arrived when it is answered. */
export const isBeginning = ({ identity }: Packet): boolean => identity.tcp?.begins === true && identity.answers === '';
