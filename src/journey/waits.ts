// How long a machine waits, as Linux is set by default.

/**
 * Seconds in which a machine asks for a neighbour before it gives up, and in which what it would send there waits: three times, a second
 * apart (net.ipv4.neigh.*.retrans_time_ms and mcast_solicit), and some more on a slow computer.
 */
export const WAIT_FOR_NEIGHBOUR = 4;
