// Internet Group Management Protocol: which groups hosts want to hear. Version 1: RFC 1112, 2: RFC 2236, 3: RFC 3376.
//
//    0       1       2               4               8       9       10              12
//   +-------+-------+---------------+---------------+-------+-------+---------------+----------
//   | 11    | delay | checksum      | group         | S, QRV| QQIC  | no. of sources| sources …      query; from 8 on: version 3
//   +-------+-------+---------------+---------------+-------+-------+---------------+----------
//   | type  | 0     | checksum      | group         |                              12, 16: report, 17: leave
//   +-------+-------+---------------+---------------+-------+----------------------------------
//   | 22    | 0     | checksum      | 0     | number| records …                     report of version 3
//   +-------+-------+---------------+-------+-------+------------------------------------------
//   record:  | type (1) | words of auxiliary data (1) | number of sources (2) | group (4) | sources … | auxiliary data …
import { type ChecksumStatus, checksumStatus, onesSum } from './checksum.ts';
import { derived, type FieldSink, FieldTable, flag, ipv4, listed, readTable, uint, when } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { formatIpv4 } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const TYPE = 0;
const MAX_RESPONSE = 1;
const CHECKSUM = 2;
const GROUP = 4;
const FLAGS = 8;
const INTERVAL = 9;
const SOURCES = 10;
const HEADER_LENGTH = 8;
const QUERY_3_LENGTH = 12;

const QUERY = 0x11;
const REPORT_1 = 0x12;
const REPORT_2 = 0x16;
const LEAVE = 0x17;
const REPORT_3 = 0x22;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [QUERY]: 'Membership Query',
  [REPORT_1]: 'Membership Report',
  [REPORT_2]: 'Membership Report',
  [LEAVE]: 'Leave Group',
  [REPORT_3]: 'Membership Report',
};

const RECORD_NAMES: Readonly<Record<number, string>> = {
  1: 'Mode Is Include',
  2: 'Mode Is Exclude',
  3: 'Change To Include Mode',
  4: 'Change To Exclude Mode',
  5: 'Allow New Sources',
  6: 'Block Old Sources',
};

const isVersion1 = (layer: IgmpLayer): boolean => layer.version === 1;
const isLongQuery = (layer: IgmpLayer): boolean => layer.type === QUERY && layer.version === 3;
const hasLongDelay = (layer: IgmpLayer): boolean => isLongQuery(layer) && layer.u8(MAX_RESPONSE) >= 128;

const GROUP_ABOUT = 'The group of hosts; 0.0.0.0: all of them.';
const COUNT_ABOUT = 'How many sources follow.';

const STATUS = checksumStatus('igmp.checksum.status', CHECKSUM);

const FIELDS = new FieldTable<IgmpLayer>([
  derived('igmp.version', TYPE, 0, 'Which version of the protocol this is.', (layer) => layer.version ?? undefined, {
    type: 'uint8',
  }),
  derived('igmp.type', TYPE, 1, 'What the message is.', (layer) => layer.type, {
    type: 'uint8',
    hex: 2,
    names: TYPE_NAMES,
  }),
  derived(
    'igmp.reserved',
    MAX_RESPONSE,
    1,
    'Reserved, zero.',
    (layer) => (isVersion1(layer) || layer.type === REPORT_3 ? layer.view(MAX_RESPONSE, 1) : undefined),
    { type: 'bytes' },
  ),
  derived(
    'igmp.max_resp',
    MAX_RESPONSE,
    1,
    'In how many tenths of a second hosts are to answer.',
    (layer) =>
      (layer.version === 2 && layer.type !== REPORT_3) || isLongQuery(layer) ? layer.longestDelay : undefined,
    { type: 'uint8' },
  ),
  when(
    hasLongDelay,
    uint('igmp.max_resp.exp', MAX_RESPONSE, 1, 'Of a long delay, the exponent.', { mask: 0x70, hex: 2 }),
  ),
  when(
    hasLongDelay,
    uint('igmp.max_resp.mant', MAX_RESPONSE, 1, 'Of a long delay, the digits before it.', { mask: 0x0f, hex: 2 }),
  ),
  when((layer) => layer.version !== null, uint('igmp.checksum', CHECKSUM, 2, 'Guards the whole message.', { hex: 4 })),
  { ...STATUS, read: (layer) => (layer.version === null ? undefined : STATUS.read(layer)) },
  when((layer) => layer.version !== null && layer.type !== REPORT_3, ipv4('igmp.maddr', GROUP, GROUP_ABOUT)),
  when(isLongQuery, flag('igmp.s', FLAGS, 1, 0x08, 'Routers are not to take this for a new query.')),
  when(isLongQuery, uint('igmp.qrv', FLAGS, 1, 'How many losses in a row the querier allows for.', { mask: 0x07 })),
  when(isLongQuery, uint('igmp.qqic', INTERVAL, 1, 'Seconds between two queries; 128 and more: an exponent.')),
  when(isLongQuery, uint('igmp.num_src', SOURCES, 2, COUNT_ABOUT)),
]);

const SOURCE = listed('igmp.saddr', 'ipv4', 'A source that the group is wanted from, or is not.');
const DATA = listed('igmp.data', 'bytes', 'A message that is not known.');
const RESERVED = listed('igmp.reserved', 'bytes', 'Reserved, zero.');
const RECORDS = listed('igmp.num_grp_recs', 'uint16', 'How many records follow, one a group.');
const RECORD_TYPE = listed('igmp.record_type', 'uint8', 'What changes for the group.', { names: RECORD_NAMES });
const RECORD_DATA_LENGTH = listed('igmp.aux_data_len', 'uint8', 'Words of 4 bytes that follow the sources.');
const RECORD_SOURCES = listed('igmp.num_src', 'uint16', COUNT_ABOUT);
const RECORD_GROUP = listed('igmp.maddr', 'ipv4', GROUP_ABOUT);
const RECORD_DATA = listed('igmp.aux_data', 'bytes', 'What no version says anything about.');

export class IgmpLayer extends LayerBase {
  readonly protocol = 'igmp';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  get type(): number {
    return this.u8(TYPE);
  }

  /** null: a message of something else that uses IGMP's number. */
  get version(): 1 | 2 | 3 | null {
    switch (this.type) {
      case QUERY:
        // RFC 3376 section 7.1: the length tells, and of the short ones the delay.
        if (this.end - this.offset >= QUERY_3_LENGTH) return 3;
        return this.u8(MAX_RESPONSE) === 0 ? 1 : 2;
      case REPORT_1:
        return 1;
      case REPORT_2:
      case LEAVE:
        return 2;
      case REPORT_3:
        return 3;
      default:
        return null;
    }
  }

  /** In tenths of a second. From 128 on, version 3 writes a number with an exponent (RFC 3376 section 4.1.1). */
  get longestDelay(): number {
    const code = this.u8(MAX_RESPONSE);
    return this.version === 3 && code >= 128 ? ((code & 0x0f) | 0x10) << (((code >>> 4) & 0x07) + 3) : code;
  }

  get checksum(): ChecksumStatus {
    if ((this.parent?.declaredEnd ?? this.end) > this.end) return 'unverified';
    return onesSum(this.bytes, this.offset, this.end) === 0xffff ? 'good' : 'bad';
  }

  override get column(): string | null {
    return this.version === null ? null : `IGMPv${this.version}`;
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, readRest, HEADER_LENGTH);
  }

  override info(): string {
    const group = this.has(GROUP, 4) ? formatIpv4(this.bytes, this.offset + GROUP) : '';
    const name = TYPE_NAMES[this.type] ?? `Unknown Type:0x${this.type.toString(16).padStart(2, '0')}`;
    switch (this.type) {
      case QUERY:
        if (this.version === 1) return name;
        return this.u32(GROUP) === 0
          ? `${name}, general`
          : `${name}, specific for group ${group}${this.#sources(FLAGS + 2, ', sources ')}`;
      case REPORT_1:
        return name;
      case REPORT_2:
        return `${name} group ${group}`;
      case LEAVE:
        return `${name} ${group}`;
      case REPORT_3:
        return `${name}${this.#records()}`;
      default:
        return name;
    }
  }

  /** " / Join group 224.0.0.251 for any sources", a record each. */
  #records(): string {
    let text = '';
    let at = HEADER_LENGTH;
    for (let left = this.u16(6); left > 0 && this.has(at, 8); left--) {
      const type = this.u8(at);
      const count = this.u16(at + 2);
      const group = formatIpv4(this.bytes, this.offset + at + 4);
      text += ` / ${this.#record(type, group, count, this.#sources(at + 2, ''))}`;
      at += 8 + count * 4 + this.u8(at + 1) * 4;
    }
    return text;
  }

  #record(type: number, group: string, count: number, sources: string): string {
    switch (type) {
      case 1:
      case 3:
        return count === 0
          ? `Leave group ${group}`
          : `Join group ${group} for source${count === 1 ? '' : 's in'} ${sources}`;
      case 2:
      case 4:
        return `Join group ${group}${count === 0 ? ' for any sources' : `, for source${count === 1 ? '' : 's'} not ${count === 1 ? '' : 'in '}${sources}`}`;
      case 5:
        return `Group ${group}, ${count === 0 ? 'ALLOW_NEW_SOURCES but no source specified (?)' : `new source${count === 1 ? '' : 's'} ${sources}`}`;
      case 6:
        return `Group ${group}, ${count === 0 ? 'BLOCK_OLD_SOURCES but no source specified (?)' : `block source${count === 1 ? '' : 's'} ${sources}`}`;
      default:
        return `Group ${group}, unknown record type (?)`;
    }
  }

  /** "{10.0.0.1, 10.0.0.2}": those whose number stands at `at`; they follow a record's group, and a query's number at once. */
  #sources(at: number, before: string): string {
    const first = this.type === QUERY ? at + 2 : at + 6;
    const count = this.u16(at);
    const all: string[] = [];
    for (let i = 0; i < count && this.has(first + i * 4, 4); i++)
      all.push(formatIpv4(this.bytes, this.offset + first + i * 4));
    return all.length === 0 ? '' : `${before}{${all.join(', ')}}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, readRest, sink, this.version === null ? 1 : HEADER_LENGTH);
  }
}

/** What a message has behind its group; of an unknown one, all of it. */
function readRest(reader: FieldReader, layer: IgmpLayer): void {
  if (layer.version === null) {
    if (reader.left > 0) reader.bytes(DATA, reader.left);
  } else if (layer.type === REPORT_3) readRecords(reader, layer);
  else if (isLongQuery(layer)) {
    reader.skip(4, 'flags, interval and number of sources');
    for (let count = layer.u16(SOURCES); count > 0; count--) reader.address(SOURCE);
  }
}

function readRecords(reader: FieldReader, layer: IgmpLayer): void {
  reader.put(RESERVED, 4, 2, layer.view(4, 2));
  const count = layer.u16(6);
  reader.put(RECORDS, 6, 2, count);
  for (let left = count; left > 0; left--) {
    reader.number(RECORD_TYPE);
    const words = reader.number(RECORD_DATA_LENGTH);
    const sources = reader.number(RECORD_SOURCES);
    reader.address(RECORD_GROUP);
    for (let i = 0; i < sources; i++) reader.address(SOURCE);
    if (words > 0) reader.bytes(RECORD_DATA, words * 4);
  }
}
