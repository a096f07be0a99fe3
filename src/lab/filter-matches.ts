// What a machine's firewall is told to trace for a display filter: as much of it as can be said in the words of nft (nft(8)), and
// never less than the filter shows. What a rule cannot look at is left out, so that more is traced.
import { parseIpv4, parseIpv6 } from '../packet/address.ts';
import type { Filter } from '../packet/filter/compile.ts';
import { parseNumber } from '../packet/filter/literals.ts';
import type { Expression, Operand, Relation } from '../packet/filter/syntax.ts';
import type { TraceMatches } from './trace-matches.ts';

/** Rules for one filter; each has a limit of its own. */
const MOST_RULES = 16;

interface Layer {
  /** What a rule says of packets that have it, and of those that do not. */
  readonly here: string;
  readonly absent: string;
  /** The layers that no packet has beside it. */
  readonly excludes: readonly string[];
}

const [ip, ipv6] = [network('ipv4', 'ipv6'), network('ipv6', 'ip', 'icmp')];
const transports = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'gre', 'esp'];
const LAYERS: ReadonlyMap<string, Layer> = new Map([
  ['ip', { ...ip, excludes: ['ipv6', 'icmpv6'] }],
  ['ipv6', ipv6],
  ...([6, 17, 1, 58, 132, 47, 50] as const).map((number, index) => {
    const name = transports[index] ?? '';
    const others = transports.filter((other) => other !== name);
    const excludes = name === 'icmp' ? [...others, 'ipv6'] : name === 'icmpv6' ? [...others, 'ip'] : others;
    return [name, { here: `meta l4proto ${number}`, absent: `meta l4proto != ${number}`, excludes }] as const;
  }),
]);

function network(name: string, ...excludes: readonly string[]): Layer {
  return { here: `meta nfproto ${name}`, absent: `meta nfproto != ${name}`, excludes };
}

type Kind = 'ipv4' | 'ipv6' | 'number';

/** By the field's name: its layer, what rules call its values, and the largest number. */
const FIELDS: ReadonlyMap<string, readonly [layer: string, names: readonly string[], kind: Kind, most: number]> =
  new Map([
    ...addresses('ip', 'ip', 'ipv4'),
    ...addresses('ipv6', 'ip6', 'ipv6'),
    ...ports('tcp'),
    ...ports('udp'),
    ['ip.proto', ['ip', ['ip protocol'], 'number', 255]],
    ['ip.ttl', ['ip', ['ip ttl'], 'number', 255]],
    ['ipv6.hlim', ['ipv6', ['ip6 hoplimit'], 'number', 255]],
    ['icmp.type', ['icmp', ['icmp type'], 'number', 255]],
    ['icmp.code', ['icmp', ['icmp code'], 'number', 255]],
    ['icmpv6.type', ['icmpv6', ['icmpv6 type'], 'number', 255]],
  ]);

type FieldEntry = [string, readonly [string, readonly string[], Kind, number]];

function addresses(layer: string, name: string, kind: Kind): FieldEntry[] {
  const [source, destination] = [`${name} saddr`, `${name} daddr`];
  return [
    [`${layer}.src`, [layer, [source], kind, 0]],
    [`${layer}.dst`, [layer, [destination], kind, 0]],
    [`${layer}.addr`, [layer, [source, destination], kind, 0]],
  ];
}

function ports(layer: string): FieldEntry[] {
  const [source, destination] = [`${layer} sport`, `${layer} dport`];
  return [
    [`${layer}.srcport`, [layer, [source], 'number', 65535]],
    [`${layer}.dstport`, [layer, [destination], 'number', 65535]],
    [`${layer}.port`, [layer, [source, destination], 'number', 65535]],
  ];
}

/** A rule's words, and the layers of the packets that they are about. */
interface Rule {
  readonly words: readonly string[];
  readonly layers: readonly string[];
}

/** Any of these; a rule without words is met by everything. */
type Rules = readonly Rule[];

const EVERYTHING: Rules = [{ words: [], layers: [] }];

class Translator {
  /** Something was left out. */
  isWider = false;

  rules(expression: Expression, wanted: boolean): Rules {
    switch (expression.kind) {
      case 'and':
      case 'or': {
        const both = [this.rules(expression.left, wanted), this.rules(expression.right, wanted)] as const;
        return (expression.kind === 'and') === wanted ? all(...both) : both.flat();
      }
      case 'not':
        return this.rules(expression.of, !wanted);
      case 'present':
        return this.#present(expression.of, wanted);
      case 'compare': {
        const { left, right, relation, quantifier } = expression;
        const field = fieldOf(left);
        const value = field === undefined ? null : literalOf(field, right);
        if (field === undefined || value === null || (value.kind !== 'number' && !/^[!=]=$/.test(relation)))
          return this.#wider();
        if (wanted) return compared(field, relation, quantifier === 'any', value.text);
        // Also what has no such field.
        const absent = LAYERS.get(field[0])?.absent ?? '';
        return [
          { words: [absent], layers: [] },
          ...compared(field, OPPOSITE[relation], quantifier !== 'any', value.text),
        ];
      }
      case 'in': {
        const field = fieldOf(expression.left);
        if (field === undefined || !wanted || expression.negated || expression.quantifier !== 'any')
          return this.#wider();
        const values = expression.set.map(({ from, to }) => {
          const [first, last] = [literalOf(field, from), to === null ? null : literalOf(field, to)];
          return first === null || (to !== null && last === null) ? null : [first, last].flatMap((v) => v?.text ?? []);
        });
        if (values.includes(null)) return this.#wider();
        const set = values.map((bounds) => bounds?.join('-')).join(', ');
        return compared(field, '==', true, `{ ${set} }`);
      }
      default:
        return this.#wider();
    }
  }

  #present(operand: Operand, wanted: boolean): Rules {
    if (operand.kind !== 'field' || operand.layers !== null) return this.#wider();
    const [name = ''] = operand.name.split('.', 1);
    const layer = LAYERS.get(name);
    if (layer === undefined) return this.#wider();
    const isLayer = operand.name === name;
    if (!isLayer && !FIELDS.has(operand.name)) {
      // A packet without its layer does not have it either; one with the layer may.
      if (!wanted) return this.#wider();
      this.isWider = true;
    }
    return [wanted ? { words: [layer.here], layers: [name] } : { words: [layer.absent], layers: [] }];
  }

  #wider(): Rules {
    this.isWider = true;
    return EVERYTHING;
  }
}

type Field = readonly [layer: string, names: readonly string[], kind: Kind, most: number];

const fieldOf = (operand: Operand): Field | undefined =>
  operand.kind === 'field' && operand.layers === null ? FIELDS.get(operand.name) : undefined;

const OPPOSITE: Readonly<Record<Relation, Relation>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '<=': '>',
  '>': '<=',
};

function compared([layer, names]: Field, relation: Relation, any: boolean, value: string): Rules {
  const terms = names.map((name) => `${name} ${relation === '==' ? '' : `${relation} `}${value}`);
  return any ? terms.map((term) => ({ words: [term], layers: [layer] })) : [{ words: terms, layers: [layer] }];
}

function literalOf([, , kind, most]: Field, operand: Operand): { readonly kind: Kind; readonly text: string } | null {
  if (operand.kind !== 'word') return null;
  if (kind === 'number') {
    const number = parseNumber(operand.text);
    return number === null || number > most ? null : { kind, text: String(number) };
  }
  const [address = '', bits] = operand.text.split('/');
  const isAddress = kind === 'ipv4' ? parseIpv4(address) !== null : parseIpv6(address) !== null;
  const isMask = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 'ipv4' ? 32 : 128));
  return isAddress && isMask ? { kind, text: operand.text } : null;
}

/** Both: every one of the first with every one of the second, but for those that no packet can meet. */
function all(one: Rules, other: Rules): Rules {
  return one.flatMap((a) =>
    other.flatMap((b) => {
      const layers = [...new Set([...a.layers, ...b.layers])];
      const isPossible = !layers.some((name) => LAYERS.get(name)?.excludes.some((each) => layers.includes(each)));
      return isPossible ? [{ words: [...new Set([...a.words, ...b.words])], layers }] : [];
    }),
  );
}

/** Where rules cannot tell what is meant: why, a sentence. */
export function matchesOfFilter({ text, expression }: Pick<Filter, 'text' | 'expression'>): TraceMatches | string {
  if (expression === null) return `Filter first: a rule is traced for some packets. ${HOW}`;
  const translator = new Translator();
  const rules = translator.rules(expression, true);
  const matches = [...new Set(rules.map(({ words }) => words.join(' ')))];
  if (matches.length === 0) return 'No packet meets this filter.';
  if (matches.includes('')) return `Rules see nothing that this filter asks for. ${HOW}`;
  if (matches.length > MOST_RULES) return `This filter is too long for a firewall: ${matches.length} rules. ${HOW}`;
  const shown = `what “${text.trim()}” shows`;
  return { matches, words: translator.isWider ? `${shown}, and more, since rules cannot look at all of it` : shown };
}

const HOW = 'Name addresses, ports or a protocol, such as ip.addr == 172.17.0.2 && tcp.port == 80.';
