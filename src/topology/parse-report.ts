// Untrusted text from a machine -> KernelReport. Whoever is root in the guest can print anything on the agent's
// port, so nothing is read before it is checked here, and only the fields that we know are copied out.
//
// The agent sends JSON texts with the record separator between them (RFC 7464: a text that cannot be read costs itself, and
// not the others): one with the time, one for each namespace, one for each container runtime. A file holds all in one text.
// What iproute2 and the runtimes say is passed on by the agent as it came, and read here: a shell cannot take JSON apart
// safely, and programs that could cost it more time than everything else that it does.
//
// Names are made visible here (basics/visible.ts), once for everyone who shows them: a device may be called "\x1b[31mred".
import {
  type Check,
  type Fields,
  integer,
  list,
  mismatch,
  name,
  natural,
  object,
  optional,
  readJson,
  readValue,
} from '../basics/json-checks.ts';
import { visible } from '../basics/visible.ts';
import type { KernelLink, KernelNamespace, KernelReport, KernelRoute } from './kernel-report.ts';
import { criWorkloads, dockerBridges, dockerWorkloads, type Each } from './read-workloads.ts';

export type ParsedReport =
  | {
      readonly ok: true;
      readonly report: KernelReport;
      /** What had to be left out, and why, a sentence each; at most 20. */
      readonly unread: readonly string[];
    }
  /** Nothing could be read. Names the field and what was found in it. */
  | { readonly ok: false; readonly error: string };

/** Never throws, whatever the text is. */
export function parseReport(text: string): ParsedReport {
  if (text.length > MAX_TEXT)
    return { ok: false, error: `kernel report: ${text.length} characters, more than ${MAX_TEXT}` };
  const texts = text.split(SEPARATOR, MAX_ITEMS).filter((part) => part.trim() !== '');
  return assemble((texts.length === 0 ? [''] : texts).map((part) => readJson(WHAT, part, MAX_TEXT, record)));
}

/** The same for JSON that has been parsed already. Never throws. */
export function checkReport(value: unknown): ParsedReport {
  return assemble([readValue(WHAT, value, record)]);
}

const WHAT = 'kernel report';
/** ASCII's record separator, as in application/json-seq. */
const SEPARATOR = '\x1e';
/** A machine with a thousand containers is far below these; a guest that sends more is broken or hostile. */
const MAX_TEXT = 8 * 1024 * 1024;
const MAX_ITEMS = 4096;
const MAX_UNREAD = 20;
/** Seconds since the epoch: the year 9999. */
const LATEST = 253_402_300_800;

const record: Check<Fields> = (value, path) => object(value, path);

function assemble(records: readonly ReturnType<typeof readJson<Fields>>[]): ParsedReport {
  const unread: string[] = [];
  const miss = (error: string): void => {
    if (unread.length < MAX_UNREAD) unread.push(error);
  };
  const read: Fields[] = [];
  for (const one of records) {
    if (one.ok) read.push(one.value);
    else miss(one.error);
  }
  const time = read.find((one) => one.time !== undefined)?.time;
  if (typeof time !== 'number' || time < 0 || time > LATEST)
    return {
      ok: false,
      error: unread[0] ?? failure(() => mismatch('time', 'seconds since the epoch', time)),
    };
  /** Each item for itself: one that cannot be read is told of and left out. */
  const each: Each = (value, path, item) => {
    const whole = readValue(WHAT, value ?? [], (all) => list(all, path, Number.POSITIVE_INFINITY, (one) => one));
    if (!whole.ok) miss(whole.error);
    const all = whole.ok ? whole.value : [];
    if (all.length > MAX_ITEMS) miss(`${WHAT}: ${path}: of ${all.length} items the first ${MAX_ITEMS} were read`);
    return all.slice(0, MAX_ITEMS).flatMap((one, index) => {
      if (isEmpty(one)) return [];
      const result = readValue(WHAT, one, () => item(one, `${path}[${index}]`));
      if (!result.ok) miss(result.error);
      return result.ok ? [result.value] : [];
    });
  };
  const namespaces = read.flatMap((one) =>
    each(one.namespaces, 'namespaces', (value, path) => namespace(value, path, each)),
  );
  const inodes = new Map(namespaces.flatMap(({ inode, pids = [], pid }) => [pid, ...pids].map((one) => [one, inode])));
  const processes = new Map(read.flatMap((one) => Object.entries(fields(one.processes))));
  const netOf = (id: string): number => {
    const pid = processes.get(id);
    return typeof pid === 'number' && pid > 0 ? (inodes.get(pid) ?? 0) : 0;
  };
  const runtimes = read.map((one) => ({ docker: fields(one.docker), cri: fields(one.cri) }));
  return {
    ok: true,
    report: {
      time,
      namespaces,
      workloads: runtimes.flatMap(({ docker, cri }) => [
        ...dockerWorkloads(docker, each, netOf),
        ...criWorkloads(cri, each, netOf),
      ]),
      bridges: runtimes.flatMap(({ docker }) => dockerBridges(docker, each)),
    },
    unread,
  };
}

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

function failure(check: () => never): string {
  const result = readValue(WHAT, null, check);
  return result.ok ? '' : result.error;
}

/** iproute2 says null for what is not there ("link": null for a device without a lower one). */
function present(value: unknown, path: string): Fields {
  return Object.fromEntries(Object.entries(object(value, path)).filter(([, field]) => field !== null));
}

/** iproute2 prints {} for what a filter has hidden (ip/ipaddress.c: open_json_object before the filter is asked). */
const isEmpty = (one: unknown): boolean =>
  typeof one === 'object' && one !== null && !Array.isArray(one) && Object.keys(one).length === 0;

function items<T>(value: unknown, path: string, item: Check<T>): T[] {
  return list(value, path, MAX_ITEMS, (one, at) => (isEmpty(one) ? [] : [item(one, at)])).flat() as T[];
}

const shown: Check<string> = (value, path) => visible(name(value, path));

/** Of what a kind of device has of its own: numbers, truth values and words. */
function scalars(value: unknown, path: string): Fields {
  return Object.fromEntries(
    Object.entries(object(value, path)).flatMap(([key, field]): [string, unknown][] =>
      typeof field === 'string'
        ? [[key, shown(field, `${path}.${key}`)]]
        : typeof field === 'number' || typeof field === 'boolean'
          ? [[key, field]]
          : [],
    ),
  );
}

/** What it has many of is read one by one: an odd device costs itself, not all the others of its namespace. */
function namespace(value: unknown, path: string, each: Each): KernelNamespace {
  const from = present(value, path);
  return {
    inode: integer(from.inode, `${path}.inode`, 1),
    pid: natural(from.pid, `${path}.pid`),
    ...optional(from, 'pids', path, (pids, at) => each(pids, at, natural)),
    name: shown(from.name, `${path}.name`),
    nsid: integer(from.nsid, `${path}.nsid`, -1),
    links: each(from.links, `${path}.links`, link),
    routes: each(from.routes, `${path}.routes`, route),
  };
}

function link(value: unknown, path: string): KernelLink {
  const from = present(value, path);
  return {
    ifindex: integer(from.ifindex, `${path}.ifindex`, 1),
    ifname: shown(from.ifname, `${path}.ifname`),
    ...optional(from, 'link_index', path, natural),
    ...optional(from, 'link', path, shown),
    // −1 while the namespace of its other end is being taken down (NETNSA_NSID_NOT_ASSIGNED).
    ...optional(from, 'link_netnsid', path, (nsid, at) => integer(nsid, at, -1)),
    flags: items(from.flags, `${path}.flags`, shown),
    mtu: natural(from.mtu, `${path}.mtu`),
    ...optional(from, 'master', path, shown),
    operstate: shown(from.operstate, `${path}.operstate`),
    link_type: shown(from.link_type, `${path}.link_type`),
    ...optional(from, 'address', path, shown),
    ...optional(from, 'linkinfo', path, linkInfo),
    addr_info: items(from.addr_info ?? [], `${path}.addr_info`, address),
  };
}

function linkInfo(value: unknown, path: string): NonNullable<KernelLink['linkinfo']> {
  const from = present(value, path);
  return {
    ...optional(from, 'info_kind', path, shown),
    ...optional(from, 'info_slave_kind', path, shown),
    ...optional(from, 'info_data', path, scalars),
  };
}

function address(value: unknown, path: string): KernelLink['addr_info'][number] {
  const from = present(value, path);
  return {
    family: shown(from.family, `${path}.family`),
    local: shown(from.local, `${path}.local`),
    prefixlen: natural(from.prefixlen, `${path}.prefixlen`),
    ...optional(from, 'scope', path, shown),
    ...optional(from, 'broadcast', path, shown),
    ...optional(from, 'label', path, shown),
  };
}

function route(value: unknown, path: string): KernelRoute {
  const from = present(value, path);
  return {
    dst: shown(from.dst, `${path}.dst`),
    ...optional(from, 'gateway', path, shown),
    ...optional(from, 'dev', path, shown),
    ...optional(from, 'prefsrc', path, shown),
    ...optional(from, 'metric', path, natural),
    ...optional(from, 'protocol', path, shown),
    ...optional(from, 'scope', path, shown),
    ...optional(from, 'type', path, shown),
  };
}
