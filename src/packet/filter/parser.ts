// Tokens -> a tree. The grammar, loosest first:
//
//   filter:    or          or: xor {or|"||" xor}      xor: and {xor|"^^" and}      and: not {and|"&&" not}
//   not:       not|! not  |  "(" or ")"  |  [any|all] test
//   test:      sum [relation sum [relation sum …]  |  contains|matches value  |  [not] in "{" item, … "}"]
//   sum:       "&" binds looser than + and -, those looser than * / %; "{" sum "}" groups
//   value:     field[#layers] | function(sum, …) | "text" | 'c' | word, and any of them may be cut: value[pieces]

import { isFunction } from './functions.ts';
import { type Token, tokenize } from './lexer.ts';
import { parsePieces } from './pieces.ts';
import { fieldInfo } from './registry.ts';
import {
  type Arithmetic,
  type Expression,
  FilterFault,
  type Operand,
  type Piece,
  type Quantifier,
  type Relation,
  type SetItem,
  type Span,
} from './syntax.ts';

/** Braces and parentheses inside each other: a hundred are no filter, and would use up the stack. */
const DEEPEST = 100;

/** The tree of a filter that is not blank. Throws FilterFault. */
export function parse(text: string): Expression {
  return new Parser(tokenize(text)).filter();
}

interface RelationToken {
  readonly relation: Relation;
  /** What the operator asks for when nothing stands before the test. */
  readonly quantifier: Quantifier;
}

const equal = { relation: '==', quantifier: 'any' } as const;
const allEqual = { relation: '==', quantifier: 'all' } as const;
const allDiffer = { relation: '!=', quantifier: 'all' } as const;
const anyDiffers = { relation: '!=', quantifier: 'any' } as const;
const ordered = (relation: Relation): RelationToken => ({ relation, quantifier: 'any' });

const RELATIONS: ReadonlyMap<string, RelationToken> = new Map([
  ...(['==', 'eq', 'any_eq'] as const).map((text) => [text, equal] as const),
  ...(['===', 'all_eq'] as const).map((text) => [text, allEqual] as const),
  ...(['!=', 'ne', 'all_ne'] as const).map((text) => [text, allDiffer] as const),
  ...(['!==', '~=', 'any_ne'] as const).map((text) => [text, anyDiffers] as const),
  ...(['<', 'lt'] as const).map((text) => [text, ordered('<')] as const),
  ...(['<=', 'le'] as const).map((text) => [text, ordered('<=')] as const),
  ...(['>', 'gt'] as const).map((text) => [text, ordered('>')] as const),
  ...(['>=', 'ge'] as const).map((text) => [text, ordered('>=')] as const),
]);

/** Words that are no fields. */
export const KEYWORDS: readonly string[] = [
  ...['and', 'or', 'xor', 'not', 'in', 'any', 'all', 'contains', 'matches', 'bitwise_and'],
  ...[...RELATIONS.keys()].filter((text) => /^\w/.test(text)),
];

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  filter(): Expression {
    const expression = this.#or();
    const { kind } = this.#token;
    if (kind !== 'end') throw this.#unexpected();
    return expression;
  }

  #or(): Expression {
    return this.#joined('or', '||', () => this.#xor());
  }

  #xor(): Expression {
    return this.#joined('xor', '^^', () => this.#and());
  }

  #and(): Expression {
    return this.#joined('and', '&&', () => this.#not());
  }

  #joined(kind: 'and' | 'or' | 'xor', symbol: string, part: () => Expression): Expression {
    let left = part();
    while (this.#takes(kind) || this.#takes(symbol)) {
      const right = part();
      left = { kind, left, right, ...spanOf(left, right) };
    }
    return left;
  }

  #not(): Expression {
    const start = this.#token;
    if (this.#takes('not') || this.#takes('!')) {
      return this.#deeper(() => {
        const of = this.#not();
        return { kind: 'not', of, ...spanOf(start, of) };
      });
    }
    if (this.#takes('(')) {
      return this.#deeper(() => {
        const inner = this.#or();
        const end = this.#expect(')', start);
        return { ...inner, ...spanOf(start, end) };
      });
    }
    const quantifier = this.#takes('any') ? 'any' : this.#takes('all') ? 'all' : null;
    return this.#test(quantifier);
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > DEEPEST)
      throw new FilterFault(this.#token, `More than ${DEEPEST} things inside each other: nobody can read that.`);
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  #test(quantifier: Quantifier | null): Expression {
    const left = this.#sum();
    const { text } = this.#operator();
    const found = RELATIONS.get(text);
    if (found !== undefined) return this.#comparison(left, quantifier);
    if (text === 'contains' || text === 'matches' || text === '~') {
      this.#next++;
      const kind = text === 'contains' ? 'contains' : 'matches';
      const right = this.#value();
      return { kind, quantifier: quantifier ?? 'any', left, right, ...spanOf(left, right) };
    }
    if (text === 'in' || (text === 'not' && this.#isWord(this.#tokens[this.#next + 1], 'in'))) {
      this.#next += text === 'in' ? 1 : 2;
      const { set, end } = this.#set();
      return { kind: 'in', quantifier: quantifier ?? 'any', negated: text === 'not', left, set, ...spanOf(left, end) };
    }
    if (quantifier !== null)
      throw new FilterFault(this.#token, `After "${quantifier}" stands a comparison: ${quantifier} tcp.port > 1024.`);
    return { kind: 'present', of: left, ...spanOf(left, left) };
  }

  /** a < b < c is a < b and b < c. */
  #comparison(left: Operand, quantifier: Quantifier | null): Expression {
    const found = RELATIONS.get(this.#operator().text);
    if (found === undefined) throw this.#unexpected();
    this.#next++;
    const right = this.#sum();
    const compare: Expression = {
      kind: 'compare',
      quantifier: quantifier ?? found.quantifier,
      relation: found.relation,
      left,
      right,
      ...spanOf(left, right),
    };
    if (!RELATIONS.has(this.#operator().text)) return compare;
    const rest = this.#deeper(() => this.#comparison(right, quantifier));
    return { kind: 'and', left: compare, right: rest, ...spanOf(compare, rest) };
  }

  #set(): { readonly set: SetItem[]; readonly end: Span } {
    const start = this.#expect('{', null);
    const set: SetItem[] = [];
    do {
      const from = this.#item();
      set.push({ from, to: this.#takes('..') ? this.#item() : null });
    } while (this.#takes(','));
    return { set, end: this.#expect('}', start) };
  }

  #item(): Operand {
    return this.#signed(() => this.#value());
  }

  #sum(): Operand {
    return this.#chain(['&', 'bitwise_and'], () =>
      this.#chain(['+', '-'], () => this.#chain(['*', '/', '%'], () => this.#signed(() => this.#factor()))),
    );
  }

  #chain(operators: readonly string[], part: () => Operand): Operand {
    let left = part();
    for (;;) {
      const { text } = this.#operator();
      if (!operators.includes(text)) return left;
      this.#next++;
      const right = part();
      const op = (text === 'bitwise_and' ? '&' : text) as Arithmetic;
      left = { kind: 'arithmetic', op, left, right, ...spanOf(left, right) };
    }
  }

  #signed(part: () => Operand): Operand {
    const sign = this.#token;
    if (this.#takes('-')) {
      const of = part();
      return { kind: 'negative', of, ...spanOf(sign, of) };
    }
    this.#takes('+');
    return part();
  }

  #factor(): Operand {
    const start = this.#token;
    if (!this.#takes('{')) return this.#value();
    return this.#deeper(() => {
      const inner = this.#sum();
      return { ...inner, ...spanOf(start, this.#expect('}', start)) };
    });
  }

  #value(): Operand {
    let value = this.#plain();
    for (let token = this.#token; token.kind === 'brackets'; token = this.#token) {
      this.#next++;
      value = { kind: 'slice', of: value, pieces: parsePieces(token.text, token), ...spanOf(value, token) };
    }
    return value;
  }

  #plain(): Operand {
    const token = this.#token;
    const { at, length } = token;
    if (token.kind === 'string') {
      this.#next++;
      return { kind: 'string', value: token.value, at, length };
    }
    if (token.kind === 'char') {
      this.#next++;
      return { kind: 'char', value: token.value, at, length };
    }
    if (token.kind !== 'word' || KEYWORDS.includes(token.text)) throw this.#unexpected();
    this.#next++;
    if (this.#isSymbol(this.#token, '(') && /^[a-z_]\w*$/i.test(token.text)) return this.#call(token.text, token);
    if (this.#isSymbol(this.#token, '#')) return this.#layered(token.text, token);
    if (fieldInfo(token.text) !== null) return { kind: 'field', name: token.text, layers: null, at, length };
    return { kind: 'word', text: token.text, at, length };
  }

  #call(name: string, start: Span): Operand {
    if (!isFunction(name)) {
      // "ip(": somebody forgot an operator rather than the name of a function.
      if (fieldInfo(name) !== null) throw this.#unexpected();
      throw new FilterFault(
        start,
        `There is no function "${name}". There are len, count, upper, lower, string, max, min and abs.`,
      );
    }
    return this.#deeper(() => {
      const open = this.#expect('(', null);
      const args: Operand[] = [];
      if (!this.#isSymbol(this.#token, ')')) {
        do args.push(this.#sum());
        while (this.#takes(','));
      }
      return { kind: 'call', name, args, ...spanOf(start, this.#expect(')', open)) };
    });
  }

  #layered(name: string, start: Span): Operand {
    if (fieldInfo(name) === null)
      throw new FilterFault(start, `"${name}" is no field: # says which layer of a field is meant.`);
    const hash = this.#expect('#', null);
    const token = this.#token;
    const adjacent = token.at === hash.at + hash.length;
    let layers: readonly Piece[];
    if (adjacent && token.kind === 'brackets') layers = parsePieces(token.text, token);
    else if (adjacent && token.kind === 'word' && /^\d{1,9}$/.test(token.text))
      layers = [{ kind: 'length', start: Number(token.text), length: 1 }];
    else
      throw new FilterFault(token, 'After # stands the number of a layer, counted from 1: ip.src#2, or ip.src#[2-3].');
    this.#next++;
    return { kind: 'field', name, layers, ...spanOf(start, token) };
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? (this.#tokens.at(-1) as Token);
  }

  /** The next token's text where it may be an operator, as a symbol or as a word. */
  #operator(): { readonly text: string } {
    const token = this.#token;
    return token.kind === 'symbol' || token.kind === 'word' ? token : { text: '' };
  }

  #takes(text: string): boolean {
    if (this.#operator().text !== text) return false;
    this.#next++;
    return true;
  }

  #isSymbol(token: Token | undefined, text: string): boolean {
    return token?.kind === 'symbol' && token.text === text;
  }

  #isWord(token: Token | undefined, text: string): boolean {
    return token?.kind === 'word' && token.text === text;
  }

  #expect(text: string, opened: Span | null): Token {
    const token = this.#token;
    if (this.#isSymbol(token, text)) {
      this.#next++;
      return token;
    }
    if (token.kind === 'end' && opened !== null)
      throw new FilterFault({ at: opened.at, length: 1 }, `This is never closed: "${text}" is missing.`);
    throw this.#unexpected(` "${text}" is missing here.`);
  }

  #unexpected(more = ''): FilterFault {
    const token = this.#token;
    if (token.kind === 'end') return new FilterFault(token, `The filter ends too early.${more}`);
    const text = token.kind === 'symbol' || token.kind === 'word' ? token.text : token.kind;
    const lower = text.toLowerCase();
    const advice =
      more !== ''
        ? more
        : text !== lower && KEYWORDS.includes(lower)
          ? ` Did you mean "${lower}"?`
          : this.#advice(token);
    return new FilterFault(token, `"${text}" was not expected here.${advice}`);
  }

  /** Two tests with nothing between them, and a bracket where a brace belongs, are what people type. */
  #advice(token: Token): string {
    const before = this.#tokens[this.#next - 1];
    const endsTest = before !== undefined && (before.kind === 'word' || this.#isSymbol(before, ')'));
    if (token.kind === 'word' && endsTest && !KEYWORDS.includes(token.text)) {
      const isTest = fieldInfo(token.text) !== null;
      return isTest ? ' Between two tests stands "and" or "or".' : '';
    }
    return '';
  }
}

function spanOf(first: Span, last: Span): Span {
  return { at: first.at, length: last.at + last.length - first.at };
}
