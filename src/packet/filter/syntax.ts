// What a filter says, as a tree; and the tree as text again.

/** Where in the text something stands: characters (UTF-16 units). */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** "Any" or "all" of a field's values. */
export type Quantifier = 'any' | 'all';

export type Relation = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '&';

/** Offset and length, or first and last; `null` at the end: to the end. */
export type Piece =
  | { readonly kind: 'length'; readonly start: number; readonly length: number | null }
  | { readonly kind: 'range'; readonly start: number; readonly end: number };

export type Operand = Span &
  (
    | { readonly kind: 'field'; readonly name: string; readonly layers: readonly Piece[] | null }
    /** Not in quotes: a number, an address, bytes, or a value's name. */
    | { readonly kind: 'word'; readonly text: string }
    /** Characters 0 to 255 stand for bytes. */
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'char'; readonly value: number }
    | { readonly kind: 'slice'; readonly of: Operand; readonly pieces: readonly Piece[] }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Operand[] }
    | { readonly kind: 'arithmetic'; readonly op: Arithmetic; readonly left: Operand; readonly right: Operand }
    | { readonly kind: 'negative'; readonly of: Operand }
  );

export interface SetItem {
  readonly from: Operand;
  /** null: one value. */
  readonly to: Operand | null;
}

interface Search {
  readonly kind: 'contains' | 'matches';
  readonly quantifier: Quantifier;
  readonly left: Operand;
  readonly right: Operand;
}

export type SearchExpression = Span & Search;

export type Expression = Span &
  (
    | { readonly kind: 'and' | 'or' | 'xor'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'not'; readonly of: Expression }
    /** A field that must be there, or a sum that must not be zero. */
    | { readonly kind: 'present'; readonly of: Operand }
    | {
        readonly kind: 'compare';
        readonly quantifier: Quantifier;
        readonly relation: Relation;
        readonly left: Operand;
        readonly right: Operand;
      }
    | Search
    | {
        readonly kind: 'in';
        readonly quantifier: Quantifier;
        readonly negated: boolean;
        readonly left: Operand;
        readonly set: readonly SetItem[];
      }
  );

/** What is wrong with a filter, and where. */
export interface FilterError extends Span {
  /** One or two sentences for the person who typed it. */
  readonly message: string;
}

/** Caught by parseFilter and compileFilter; never leaves this folder. */
export class FilterFault extends Error {
  readonly span: Span;
  constructor(span: Span, message: string) {
    super(message);
    this.span = span;
  }
}

/** The filter as text that says the same. */
export function printFilter(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
    case 'xor':
      return `${nested(expression.left)} ${expression.kind} ${nested(expression.right)}`;
    case 'not':
      return `not ${nested(expression.of)}`;
    case 'present':
      return printOperand(expression.of);
    case 'compare': {
      const relation = printOperator(expression.relation, expression.quantifier);
      return `${relation.before}${printOperand(expression.left)} ${relation.text} ${printOperand(expression.right)}`;
    }
    case 'contains':
    case 'matches': {
      const all = expression.quantifier === 'all' ? 'all ' : '';
      return `${all}${printOperand(expression.left)} ${expression.kind} ${printOperand(expression.right)}`;
    }
    case 'in': {
      const all = expression.quantifier === 'all' ? 'all ' : '';
      const items = expression.set.map(({ from, to }) =>
        to === null ? printOperand(from) : `${printOperand(from)} .. ${printOperand(to)}`,
      );
      return `${all}${printOperand(expression.left)} ${expression.negated ? 'not in' : 'in'} {${items.join(', ')}}`;
    }
  }
}

/** == and != have opposite habits: "==" asks for any value that is equal, "!=" for all of them to be different. */
function printOperator(relation: Relation, quantifier: Quantifier): { readonly before: string; readonly text: string } {
  if (relation === '==') return { before: '', text: quantifier === 'any' ? '==' : '===' };
  if (relation === '!=') return { before: '', text: quantifier === 'all' ? '!=' : '!==' };
  return { before: quantifier === 'all' ? 'all ' : '', text: relation };
}

const isJoined = ({ kind }: Expression): boolean => kind === 'and' || kind === 'or' || kind === 'xor';

function nested(expression: Expression): string {
  const text = printFilter(expression);
  return isJoined(expression) ? `(${text})` : text;
}

function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'field':
      return operand.layers === null ? operand.name : `${operand.name}#[${printPieces(operand.layers)}]`;
    case 'word':
      return operand.text;
    case 'string':
      return `"${escaped(operand.value)}"`;
    case 'char':
      return `'\\x${operand.value.toString(16).padStart(2, '0')}'`;
    case 'slice':
      return `${printOperand(operand.of)}[${printPieces(operand.pieces)}]`;
    case 'call':
      return `${operand.name}(${operand.args.map(printOperand).join(', ')})`;
    case 'arithmetic':
      return `{${printOperand(operand.left)} ${operand.op} ${printOperand(operand.right)}}`;
    case 'negative':
      return `-${printOperand(operand.of)}`;
  }
}

const printPieces = (pieces: readonly Piece[]): string =>
  pieces
    .map((piece) => (piece.kind === 'range' ? `${piece.start}-${piece.end}` : `${piece.start}:${piece.length ?? ''}`))
    .join(',');

const escaped = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  text.replace(/[\\"\0-\x1f\x7f-\xff]/g, (character) =>
    character === '\\' || character === '"'
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** The fields and protocols that a filter names. */
export function namesIn(expression: Expression): Set<string> {
  const names = new Set<string>();
  const ofOperand = (operand: Operand): void => {
    if (operand.kind === 'field') names.add(operand.name);
    else if (operand.kind === 'slice' || operand.kind === 'negative') ofOperand(operand.of);
    else if (operand.kind === 'call') operand.args.forEach(ofOperand);
    else if (operand.kind === 'arithmetic') {
      ofOperand(operand.left);
      ofOperand(operand.right);
    }
  };
  const ofExpression = (of: Expression): void => {
    switch (of.kind) {
      case 'and':
      case 'or':
      case 'xor':
        ofExpression(of.left);
        ofExpression(of.right);
        break;
      case 'not':
        ofExpression(of.of);
        break;
      case 'present':
        ofOperand(of.of);
        break;
      case 'in':
        ofOperand(of.left);
        for (const { from, to } of of.set) for (const bound of to === null ? [from] : [from, to]) ofOperand(bound);
        break;
      default:
        ofOperand(of.left);
        ofOperand(of.right);
    }
  };
  ofExpression(expression);
  return names;
}
