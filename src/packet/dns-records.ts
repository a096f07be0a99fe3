// The sections of a DNS message, RFC 1035 section 4: questions, then three lists of records of one shape.
//
//   question:  | name … | type (2) | class (2) |
//   record:    | name … | type (2) | class (2) | TTL (4) | data length (2) | data … |
//   In an OPT record (RFC 6891) class is the payload size, and TTL holds extended code, version and flags.
import { readName } from './dns-name.ts';
import type { Field, FieldValue } from './field.ts';
import { formatHexNumber, formatIpv4, formatIpv6, formatText } from './format.ts';
import type { LayerBase, Problem } from './layer-base.ts';

export const RECORD_TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  37: 'CERT',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  45: 'IPSECKEY',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  49: 'DHCID',
  50: 'NSEC3',
  51: 'NSEC3PARAM',
  52: 'TLSA',
  55: 'HIP',
  59: 'CDS',
  60: 'CDNSKEY',
  61: 'OPENPGPKEY',
  62: 'CSYNC',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  256: 'URI',
  257: 'CAA',
};

const CLASS_NAMES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' };

const MULTICAST_FLAG = 0x8000;
const ALL_BITS = -1;

/**
 * Ten times what 64 kB of honest records have. Compression lets 64 kB say a million labels, which takes half a second to read
 * and is of no use to anyone.
 */
const MOST_LABELS = 50_000;

export interface DnsSections {
  readonly fields: readonly Field[];
  /** " A example.com A 10.0.0.9", what Wireshark's Info column says of the sections. */
  readonly info: string;
  readonly problem: Problem | null;
}

/** A record whose bytes are not what its type promises. Caught in readSections; never leaves this file. */
class Malformed extends Error {
  readonly problem: Problem;
  constructor(at: number, reason: string) {
    super(reason);
    this.problem = { at, reason };
  }
}

/** The section counts stand 4 bytes into the message, which begins `message` bytes into the layer. */
export function readSections(layer: LayerBase, message: number): DnsSections {
  const reader = new SectionReader(layer, message);
  let problem: Problem | null = null;
  try {
    const questions = layer.u16(message + 4);
    const records = layer.u16(message + 6) + layer.u16(message + 8) + layer.u16(message + 10);
    for (let i = 0; i < questions; i++) reader.question();
    for (let i = 0; i < records; i++) reader.record();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    problem = error.problem;
  }
  return { fields: reader.fields, info: reader.info, problem };
}

class SectionReader {
  readonly fields: Field[] = [];
  info = '';
  readonly #layer: LayerBase;
  readonly #message: number;
  #at: number;
  #labels = 0;
  readonly #multicast: boolean;

  constructor(layer: LayerBase, message: number) {
    this.#layer = layer;
    this.#message = message;
    this.#at = message + 12;
    this.#multicast = layer.protocol === 'mdns';
  }

  question(): void {
    const name = this.#name('dns.qry.name', 'The name that is asked for.');
    this.#derived('dns.qry.name.len', 'Characters of the name.', name.text === '<Root>' ? 6 : name.text.length);
    this.#derived('dns.count.labels', 'Labels of the name; the root counts as one.', Math.max(name.labels, 1));
    this.#needs(4, 3);
    const type = this.#number('dns.qry.type', 2, 'What is asked about the name.', RECORD_TYPE_NAMES);
    this.info += ` ${typeName(type)} ${name.text}`;
    const unicast = this.#class('dns.qry.class', 'dns.qry.qu', 'Please answer me alone, not everyone.');
    if (this.#multicast) this.info += unicast ? ', "QU" question' : ', "QM" question';
  }

  record(): void {
    const layer = this.#layer;
    const nameAt = this.#at;
    const name = this.#name('dns.resp.name', 'The name that the record is about.');
    this.#needs(10, 1);
    const type = this.#number('dns.resp.type', 2, 'What the record says about the name.', RECORD_TYPE_NAMES);
    if (type === 33) this.#serviceName(name.text, nameAt);
    this.info += ` ${typeName(type)}`;
    if (type === 41) {
      this.#number('dns.rr.udp_payload_size', 2, 'The largest answer over UDP that the sender takes, in bytes.');
      this.#number('dns.resp.ext_rcode', 1, 'The high bits of the reply code.', undefined, 2);
      this.#number('dns.resp.edns0_version', 1, 'The version of the extension, 0.');
      this.#number('dns.resp.z', 2, 'Flags of the extension; the first asks for DNSSEC.', undefined, 4);
    } else {
      const flush = this.#class('dns.resp.class', 'dns.resp.cache_flush', 'Forget what others said of the name.');
      if (flush) this.info += ', cache flush';
      this.#number('dns.resp.ttl', 4, 'Seconds for which the answer may be kept.');
    }
    const length = this.#number('dns.resp.len', 2, 'Bytes of the record’s data.');
    if (!layer.has(this.#at, length))
      throw new Malformed(layer.end, `record data of ${length} bytes runs past the end of the message`);
    const next = this.#at + length;
    this.#data(type, length);
    this.#at = next;
  }

  #data(type: number, length: number): void {
    const layer = this.#layer;
    const end = this.#at + length;
    const where = layer.offset + this.#at;
    if (type === 1 && length === 4) this.#text('dns.a', 4, 'The IPv4 address.', formatIpv4(layer.bytes, where));
    else if (type === 28 && length === 16)
      this.#text('dns.aaaa', 16, 'The IPv6 address.', formatIpv6(layer.bytes, where));
    else if (type === 2) this.info += ` ${this.#name('dns.ns', 'A server that answers for the name.').text}`;
    else if (type === 5) this.info += ` ${this.#name('dns.cname', 'The name’s real name.').text}`;
    else if (type === 12)
      this.info += ` ${this.#name('dns.ptr.domain_name', 'The name that belongs to the address.').text}`;
    else if (type === 15) {
      const preference = this.#number('dns.mx.preference', 2, 'Lower is tried first.');
      this.info += ` ${preference} ${this.#name('dns.mx.mail_exchange', 'A host that takes mail for the name.').text}`;
    } else if (type === 16) {
      while (this.#at < end) {
        const size = this.#number('dns.txt.length', 1, 'Bytes of the text.');
        if (this.#at + size > end) throw this.#malformed(`text of ${size} bytes runs past the end of its record`);
        const value = formatText(layer.bytes, layer.offset + this.#at, size);
        this.#put('dns.txt', 'Text that somebody attached to the name.', this.#at, size, value, value);
        this.#at += size;
      }
    } else if (type === 33) {
      const priority = this.#number('dns.srv.priority', 2, 'Lower is tried first.');
      const weight = this.#number('dns.srv.weight', 2, 'Among equals, how often to take this one.');
      const port = this.#number('dns.srv.port', 2, 'The port on which the service listens.');
      this.info += ` ${priority} ${weight} ${port} ${this.#name('dns.srv.target', 'The host that runs the service.').text}`;
    } else if (type === 6) {
      this.info += ` ${this.#name('dns.soa.mname', 'The zone’s first server.').text}`;
      this.#name('dns.soa.rname', 'The mailbox of whoever is responsible, with a dot for the @.');
      this.#number('dns.soa.serial_number', 4, 'The zone’s version.');
      this.#number('dns.soa.refresh_interval', 4, 'Seconds after which secondary servers look for a new version.');
      this.#number('dns.soa.retry_interval', 4, 'Seconds after which they try again.');
      this.#number('dns.soa.expire_limit', 4, 'Seconds after which they stop answering without news.');
      this.#number('dns.soa.minimum_ttl', 4, 'Seconds for which “no such name” may be kept.');
    }
  }

  /** "_etcd._tcp.example.com" (RFC 2782): Wireshark shows its parts in the place of the name. */
  #serviceName(text: string, at: number): void {
    const [service, proto, ...rest] = text.split('.');
    if (service === undefined || proto === undefined || rest.length === 0) return;
    const length = this.fields.at(-2)?.length ?? 0;
    const type = this.fields.splice(-2, 2)[1];
    this.#put('dns.srv.service', 'The service that is looked for.', at, length, service, service);
    this.#put('dns.srv.proto', 'The transport that it runs over.', at, length, proto, proto);
    this.#put('dns.srv.name', 'The domain that offers it.', at, length, rest.join('.'), rest.join('.'));
    if (type !== undefined) this.fields.push(type);
  }

  /** What stands behind a name, all of it: else the name is of no use either, and the `fields` that say it are taken back. */
  #needs(bytes: number, fields: number): void {
    if (this.#layer.has(this.#at, bytes)) return;
    this.fields.length -= fields;
    throw new Malformed(this.#layer.end, `a name needs ${bytes} bytes behind it, the message ends before`);
  }

  #malformed(reason: string): Malformed {
    return new Malformed(this.#layer.offset + this.#at, reason);
  }

  #put(name: string, about: string, at: number, length: number, value: FieldValue, shown: string, meaning = ''): void {
    this.fields.push({ name, about, offset: this.#layer.offset + at, length, value, shown, meaning });
  }

  #derived(name: string, about: string, value: number): void {
    this.#put(name, about, this.#at, 0, value, String(value));
  }

  #number(
    name: string,
    size: 1 | 2 | 4,
    about: string,
    names?: Readonly<Record<number, string>>,
    hex?: number,
    mask: number = ALL_BITS,
  ): number {
    if (!this.#layer.has(this.#at, size))
      throw new Malformed(this.#layer.end, `${name} needs ${size} bytes, the message ends before`);
    const value = (this.#layer.uint(this.#at, size) & mask) >>> 0;
    this.#put(
      name,
      about,
      this.#at,
      size,
      value,
      hex === undefined ? String(value) : formatHexNumber(value, hex),
      names?.[value] ?? '',
    );
    this.#at += size;
    return value;
  }

  /** In multicast DNS the highest bit is a flag (RFC 6762 sections 5.4 and 10.2), which this gives. */
  #class(name: string, flagName: string, about: string): boolean {
    const at = this.#at;
    const mask = this.#multicast ? ~MULTICAST_FLAG : ALL_BITS;
    this.#number(name, 2, 'Nearly always IN, the Internet.', CLASS_NAMES, 4, mask);
    if (!this.#multicast) return false;
    const value = (this.#layer.u16(at) & MULTICAST_FLAG) !== 0;
    this.#put(flagName, about, at, 2, value, value ? '1' : '0');
    return value;
  }

  /** An address: shown, and said in the Info column. */
  #text(name: string, size: number, about: string, value: string): void {
    this.#put(name, about, this.#at, size, value, value);
    this.#at += size;
    this.info += ` ${value}`;
  }

  #name(name: string, about: string): { readonly text: string; readonly labels: number } {
    const read = readName(this.#layer, this.#at, this.#message);
    if ('reason' in read) throw new Malformed(read.at, read.reason);
    this.#labels += read.labels;
    if (this.#labels > MOST_LABELS) throw this.#malformed(`names of more than ${MOST_LABELS} labels in one message`);
    this.#put(name, about, this.#at, read.length, read.text, read.text);
    this.#at += read.length;
    return read;
  }
}

const typeName = (type: number): string => RECORD_TYPE_NAMES[type] ?? `Unknown (${type})`;
