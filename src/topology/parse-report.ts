// Untrusted text from a machine -> KernelReport. Whoever is root in the guest can print what he likes on the agent's
// port, so nothing is read before it is checked here, and only the fields that we know are copied out.
// Checks are written by hand: a schema library would weigh more on the page than this file.
import type {
  KernelContainer,
  KernelDockerNetwork,
  KernelLink,
  KernelNamespace,
  KernelReport,
  KernelRoute,
} from './kernel-report.ts';

export type ParsedReport =
  | { readonly ok: true; readonly report: KernelReport }
  /** Names the field and what was found in it: `namespaces[2].links[0].ifindex: expected …, got "x"`. */
  | { readonly ok: false; readonly error: string };

/** Never throws, whatever the text is. */
export function parseReport(text: string): ParsedReport {
  if (text.length > MAX_TEXT)
    return { ok: false, error: `kernel report: ${text.length} characters, more than ${MAX_TEXT}` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, error: `kernel report: not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  return checkReport(value);
}

/** The same for JSON that has been parsed already. */
export function checkReport(value: unknown): ParsedReport {
  try {
    return { ok: true, report: report(value) };
  } catch (error) {
    if (error instanceof Mismatch) return { ok: false, error: error.message };
    throw error;
  }
}

/** A machine with a thousand containers is far below these; a guest that sends more is broken or hostile. */
const MAX_TEXT = 8 * 1024 * 1024;
const MAX_ITEMS = 4096;
const MAX_STRING = 512;

class Mismatch extends Error {}

function mismatch(path: string, expected: string, value: unknown): never {
  const shown = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  throw new Mismatch(
    `kernel report: ${path || 'top level'}: expected ${expected}, got ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

function object(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(path, 'an object', value);
  return value as Fields;
}

function list<T>(value: unknown, path: string, item: (value: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) return mismatch(path, 'a list', value);
  if (value.length > MAX_ITEMS) return mismatch(path, `at most ${MAX_ITEMS} items`, value.length);
  const items: T[] = [];
  value.forEach((entry: unknown, index) => {
    // iproute2 prints {} for what a filter has hidden (ip/ipaddress.c: open_json_object before the filter is asked).
    if (typeof entry === 'object' && entry !== null && !Array.isArray(entry) && Object.keys(entry).length === 0) return;
    items.push(item(entry, `${path}[${index}]`));
  });
  return items;
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string') return mismatch(path, 'a string', value);
  if (value.length > MAX_STRING) return mismatch(path, `at most ${MAX_STRING} characters`, value.length);
  return value;
}

function integer(value: unknown, path: string, least: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    return mismatch(path, `an integer of at least ${least}`, value);
  return value as number;
}

/** { key: check(value) } when the field is there, {} when it is not: what exactOptionalPropertyTypes asks for. */
function optional<K extends string, T>(
  from: Fields,
  key: K,
  path: string,
  check: (value: unknown, path: string) => T,
): { [P in K]?: T } {
  const value = from[key];
  return value === undefined || value === null ? {} : ({ [key]: check(value, `${path}.${key}`) } as { [P in K]?: T });
}

const natural = (value: unknown, path: string): number => integer(value, path, 0);

function report(value: unknown): KernelReport {
  const from = object(value, '');
  const time = from.time;
  if (typeof time !== 'number' || !Number.isFinite(time)) return mismatch('time', 'seconds since the epoch', time);
  const processes = object(from.processes ?? {}, 'processes');
  return {
    time,
    namespaces: list(from.namespaces, 'namespaces', namespace),
    containers: list(from.containers, 'containers', (entry, path) => container(entry, path, processes)),
    networks: list(from.networks, 'networks', network),
  };
}

function namespace(value: unknown, path: string): KernelNamespace {
  const from = object(value, path);
  return {
    inode: integer(from.inode, `${path}.inode`, 1),
    pid: natural(from.pid, `${path}.pid`),
    ...optional(from, 'pids', path, (pids, at) => list(pids, at, natural)),
    name: string(from.name, `${path}.name`),
    nsid: integer(from.nsid, `${path}.nsid`, -1),
    links: list(from.links, `${path}.links`, link),
    routes: list(from.routes, `${path}.routes`, route),
  };
}

function link(value: unknown, path: string): KernelLink {
  const from = object(value, path);
  return {
    ifindex: integer(from.ifindex, `${path}.ifindex`, 1),
    ifname: string(from.ifname, `${path}.ifname`),
    ...optional(from, 'link_index', path, natural),
    ...optional(from, 'link', path, string),
    ...optional(from, 'link_netnsid', path, natural),
    flags: list(from.flags, `${path}.flags`, string),
    mtu: natural(from.mtu, `${path}.mtu`),
    ...optional(from, 'master', path, string),
    operstate: string(from.operstate, `${path}.operstate`),
    link_type: string(from.link_type, `${path}.link_type`),
    ...optional(from, 'address', path, string),
    ...optional(from, 'linkinfo', path, linkInfo),
    addr_info: list(from.addr_info ?? [], `${path}.addr_info`, address),
  };
}

function linkInfo(value: unknown, path: string): NonNullable<KernelLink['linkinfo']> {
  const from = object(value, path);
  return {
    ...optional(from, 'info_kind', path, string),
    ...optional(from, 'info_slave_kind', path, string),
    ...optional(from, 'info_data', path, object),
  };
}

function address(value: unknown, path: string): KernelLink['addr_info'][number] {
  const from = object(value, path);
  return {
    family: string(from.family, `${path}.family`),
    local: string(from.local, `${path}.local`),
    prefixlen: natural(from.prefixlen, `${path}.prefixlen`),
    ...optional(from, 'scope', path, string),
    ...optional(from, 'broadcast', path, string),
    ...optional(from, 'label', path, string),
  };
}

function route(value: unknown, path: string): KernelRoute {
  const from = object(value, path);
  return {
    dst: string(from.dst, `${path}.dst`),
    ...optional(from, 'gateway', path, string),
    ...optional(from, 'dev', path, string),
    ...optional(from, 'prefsrc', path, string),
    ...optional(from, 'metric', path, natural),
    ...optional(from, 'protocol', path, string),
    ...optional(from, 'scope', path, string),
    ...optional(from, 'type', path, string),
  };
}

/** Docker's GET /containers/json; `processes` says which process of the machine belongs to which container's cgroup. */
function container(value: unknown, path: string, processes: Fields): KernelContainer {
  const from = object(value, path);
  const id = string(from.Id, `${path}.Id`);
  const names = list(from.Names, `${path}.Names`, string);
  return {
    id,
    name: (names[0] ?? id.slice(0, 12)).replace(/^\//, ''),
    image: string(from.Image, `${path}.Image`),
    state: string(from.State, `${path}.State`),
    pid: Object.hasOwn(processes, id) ? natural(processes[id], `processes.${id}`) : 0,
  };
}

/** Docker's GET /networks. */
function network(value: unknown, path: string): KernelDockerNetwork {
  const from = object(value, path);
  const id = string(from.Id, `${path}.Id`);
  const options = object(from.Options ?? {}, `${path}.Options`);
  const bridge = options['com.docker.network.bridge.name'];
  return {
    id,
    name: string(from.Name, `${path}.Name`),
    driver: string(from.Driver, `${path}.Driver`),
    bridge: bridge === undefined ? `br-${id.slice(0, 12)}` : string(bridge, `${path}.Options`),
  };
}
