// etcd's calls (etcd's source, api/etcdserverpb/rpc.proto and api/mvccpb/kv.proto): protocol buffers in gRPC. The fields have names of our own, since
// Wireshark has none for them without a copy of the schema; what it calls protobuf.field.… is there nowhere.
//
//   gRPC message, of a stream whose :path is /etcdserverpb.KV/Range
//   | 1: key | 2: range_end | 3: limit | 4: revision | …              the question
//   | 1: header { 3: revision … } | 2: kvs { 1: key, 5: value … } | …   the answer
import { type FieldType, type ListedField, listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { formatText } from './format.ts';
import type { Call } from './http2-payload.ts';
import { nextField } from './protobuf.ts';

const field = (name: string, type: FieldType, about: string, names?: Readonly<Record<number, string>>): ListedField =>
  listed(`etcd.${name}`, type, about, names === undefined ? {} : { names });

const METHOD = field('method', 'string', 'What etcd is asked to do: service and call.');
const RESPONSE = field('response', 'boolean', 'An answer.');
const KEY = field('key', 'string', 'The key.');
const RANGE_END = field('range_end', 'string', 'The first key that does not count any more.');
const VALUE = field('value', 'bytes', 'What is kept under the key.');
const LEASE = field('lease', 'uint64', 'The lease: keys go with it.');
const REVISION = field('revision', 'uint64', 'The state of all keys: one more with each change.');
const CREATED = field('create_revision', 'uint64', 'When the key was made.');
const MODIFIED = field('mod_revision', 'uint64', 'When the key was changed last.');
const VERSION = field('version', 'uint64', 'How often the key was written.');
const LIMIT = field('limit', 'uint64', 'The most keys that are wanted.');
const COUNT = field('count', 'uint64', 'How many keys there are.');
const MORE = field('more', 'boolean', 'There are more keys than wanted.');
const KEYS_ONLY = field('keys_only', 'boolean', 'Without the values.');
const COUNT_ONLY = field('count_only', 'boolean', 'How many is enough.');
const SERIALIZABLE = field('serializable', 'boolean', 'One server’s word is enough, though it may be old.');
const PREVIOUS = field('prev_kv', 'boolean', 'With what was there before.');
const DELETED = field('deleted', 'uint64', 'How many keys were removed.');
const SUCCEEDED = field('succeeded', 'boolean', 'All that was compared was so.');
const RESULT = field('compare.result', 'uint32', 'How the two must stand.', { 0: '=', 1: '>', 2: '<', 3: '≠' });
const TARGET = field('compare.target', 'uint32', 'What of the key is compared.', {
  ...{ 0: 'version', 1: 'create_revision', 2: 'mod_revision', 3: 'value', 4: 'lease' },
});
const WATCH = field('watch_id', 'uint64', 'Which watch.');
const START = field('start_revision', 'uint64', 'From which state on.');
const WATCH_CREATED = field('watch.created', 'boolean', 'The watch has begun.');
const WATCH_CANCELED = field('watch.canceled', 'boolean', 'The watch has ended.');
const REASON = field('watch.cancel_reason', 'string', 'Why it has ended.');
const COMPACTED = field('compact_revision', 'uint64', 'What is older is no longer kept.');
const EVENT = field('event.type', 'uint32', 'What happened to the key.', { 0: 'PUT', 1: 'DELETE' });
const TTL = field('ttl', 'uint64', 'Seconds that the lease lives without being kept alive.');
const GRANTED = field('granted_ttl', 'uint64', 'Seconds that it was granted.');
const CLUSTER = field('cluster_id', 'uint64', 'Which cluster answers.');
const MEMBER = field('member_id', 'uint64', 'Which of its servers.');
const TERM = field('raft_term', 'uint64', 'How often they have elected a leader.');
const ERROR = field('error', 'string', 'What went wrong.');
const NAME = field('member.name', 'string', 'What the server is called.');
const PEERS = field('member.peer_url', 'string', 'Where the other servers reach it.');
const CLIENTS = field('member.client_url', 'string', 'Where clients reach it.');

/** By a field's number: the field, or the message that it holds. */
interface Schema {
  readonly [number: number]: ListedField | Schema | (() => Schema);
}

const HEADER: Schema = { 1: CLUSTER, 2: MEMBER, 3: REVISION, 4: TERM };
const KEY_VALUE: Schema = { 1: KEY, 2: CREATED, 3: MODIFIED, 4: VERSION, 5: VALUE, 6: LEASE };
const RANGE: Schema = { 1: KEY, 2: RANGE_END, 3: LIMIT, 4: REVISION, 7: SERIALIZABLE, 8: KEYS_ONLY, 9: COUNT_ONLY };
const RANGE_ANSWER: Schema = { 1: HEADER, 2: KEY_VALUE, 3: MORE, 4: COUNT };
const PUT: Schema = { 1: KEY, 2: VALUE, 3: LEASE, 4: PREVIOUS };
const PUT_ANSWER: Schema = { 1: HEADER, 2: KEY_VALUE };
const DELETE: Schema = { 1: KEY, 2: RANGE_END, 3: PREVIOUS };
const DELETE_ANSWER: Schema = { 1: HEADER, 2: DELETED, 3: KEY_VALUE };
const COMPARE: Schema = {
  ...{ 1: RESULT, 2: TARGET, 3: KEY, 4: VERSION, 5: CREATED, 6: MODIFIED, 7: VALUE, 8: LEASE, 64: RANGE_END },
};
// A transaction may hold another one.
const OPERATION: Schema = { 1: RANGE, 2: PUT, 3: DELETE, 4: () => TXN };
const OPERATION_ANSWER: Schema = { 1: RANGE_ANSWER, 2: PUT_ANSWER, 3: DELETE_ANSWER, 4: () => TXN_ANSWER };
const TXN: Schema = { 1: COMPARE, 2: OPERATION, 3: OPERATION };
const TXN_ANSWER: Schema = { 1: HEADER, 2: SUCCEEDED, 3: OPERATION_ANSWER };
const WATCH_ASK: Schema = {
  1: { 1: KEY, 2: RANGE_END, 3: START, 6: PREVIOUS, 7: WATCH },
  2: { 1: WATCH },
};
const HAPPENED: Schema = { 1: EVENT, 2: KEY_VALUE, 3: KEY_VALUE };
const WATCH_ANSWER: Schema = {
  ...{ 1: HEADER, 2: WATCH, 3: WATCH_CREATED, 4: WATCH_CANCELED, 5: COMPACTED, 6: REASON },
  11: HAPPENED,
};
const MEMBERS: Schema = { 1: HEADER, 2: { 1: MEMBER, 2: NAME, 3: PEERS, 4: CLIENTS } };

/** Question and answer of each call. */
const CALLS: Readonly<Record<string, readonly [question: Schema, answer: Schema]>> = {
  'KV/Range': [RANGE, RANGE_ANSWER],
  'KV/Put': [PUT, PUT_ANSWER],
  'KV/DeleteRange': [DELETE, DELETE_ANSWER],
  'KV/Txn': [TXN, TXN_ANSWER],
  'KV/Compact': [{ 1: REVISION }, { 1: HEADER }],
  'Watch/Watch': [WATCH_ASK, WATCH_ANSWER],
  'Lease/LeaseGrant': [
    { 1: TTL, 2: LEASE },
    { 1: HEADER, 2: LEASE, 3: TTL, 4: ERROR },
  ],
  'Lease/LeaseRevoke': [{ 1: LEASE }, { 1: HEADER }],
  'Lease/LeaseKeepAlive': [{ 1: LEASE }, { 1: HEADER, 2: LEASE, 3: TTL }],
  'Lease/LeaseTimeToLive': [{ 1: LEASE }, { 1: HEADER, 2: LEASE, 3: TTL, 4: GRANTED, 5: KEY }],
  'Lease/LeaseLeases': [{}, { 1: HEADER, 2: { 1: LEASE } }],
  'Cluster/MemberList': [{}, MEMBERS],
  'Maintenance/Status': [{}, { 1: HEADER }],
};

/** Field 1, a number. */
const EVENT_KEY = 0x08;
const PREFIX = '/etcdserverpb.';
/** Messages in messages: more than any call has. */
const DEEPEST = 12;

/** "KV/Range"; null: the call is none of etcd's. */
const methodOf = ({ path }: Call): string | null => (path.startsWith(PREFIX) ? path.slice(PREFIX.length) : null);

/** Reads the fields of a message that lies between two places of the reader's layer. What is no field ends the message. */
export function readEtcd(reader: FieldReader, at: number, length: number, call: Call): void {
  const method = methodOf(call);
  if (method === null) return;
  reader.put(METHOD, at, 0, method);
  if (!call.isRequest) reader.put(RESPONSE, at, 0, true);
  const schemas = CALLS[method];
  const schema = schemas?.[call.isRequest ? 0 : 1];
  if (schema === undefined) return;
  reader.at = at;
  readMessage(reader.part(length, 'etcd message'), schema, 0);
}

function readMessage(reader: FieldReader, schema: Schema, depth: number): void {
  // What is 0 is left out: a PUT.
  if (schema === HAPPENED && reader.peek(1) !== EVENT_KEY) reader.put(EVENT, reader.at, 0, 0);
  for (let found = nextField(reader); found !== null; found = reader.left > 0 ? nextField(reader) : null) {
    const entry = schema[found.number];
    const known = typeof entry === 'function' ? entry() : entry;
    if (known === undefined) continue;
    if (isField(known)) putValue(reader, known, found.at, found.length, found.value, found.content);
    else if (found.content !== null && depth < DEEPEST) {
      const after = reader.at;
      reader.at = found.content.at;
      readMessage(reader.part(found.content.length, 'etcd message'), known, depth + 1);
      reader.at = after;
    }
  }
}

const isField = (entry: ListedField | Schema): entry is ListedField => 'name' in entry;

function putValue(
  reader: FieldReader,
  known: ListedField,
  at: number,
  length: number,
  value: bigint,
  content: { readonly at: number; readonly length: number } | null,
): void {
  const { layer } = reader;
  if (known.type === 'string' || known.type === 'bytes') {
    if (content === null) return;
    const shown =
      known.type === 'bytes'
        ? layer.view(content.at, content.length)
        : formatText(layer.bytes, layer.offset + content.at, content.length);
    reader.put(known, content.at, content.length, shown);
  } else if (content === null) {
    if (known.type === 'boolean') reader.put(known, at, length, value !== 0n);
    else {
      // Ids of members and clusters have no sign, all other numbers do (−1 is a watch that there is not).
      const exact = known === CLUSTER || known === MEMBER ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
      // A number cannot hold all of such an id; its text does.
      reader.put(known, at, length, Number(exact), known.names?.[Number(value)] ?? '', `${exact}`);
    }
  }
}

/** "Range /registry/pods", for the line of a packet; "" where the call is none of etcd's, or its key is not there. */
export function etcdWords(call: Call | undefined, key: string | undefined): string {
  const method = call === undefined ? null : methodOf(call);
  if (method === null || call === undefined) return '';
  const what = `${method.replace(/^.*\//, '')}${call.isRequest ? '' : ' response'}`;
  return key === undefined ? what : `${what} ${key}`;
}
