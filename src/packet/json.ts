// RFC 8259, JSON, as the body of an HTTP message. Its fields are those of Wireshark: of every member its key, its path and its value; an item of an
// array is called [].
//
//   {"name": "web", "ports": [80, 443]}    json.key = name, ports    json.value.string = web    json.value.number = 80, 443
//                                          json.path_with_value = /name:web, /ports/[]:80, /ports/[]:443
import { type FieldSink, type ListedField, listed } from './field.ts';
import { walkFields } from './field-reader.ts';
import { formatText } from './format.ts';
import { LayerBase } from './layer-base.ts';

const OBJECT = listed('json.object', 'none', 'Members between braces.');
const ARRAY = listed('json.array', 'none', 'Items between brackets.');
const MEMBER = listed('json.member', 'string', 'A key with its value.');
const KEY = listed('json.key', 'string', 'The name of a member.');
const PATH = listed('json.path', 'string', 'The keys around a member and its own, from the outermost in.');
const PATH_WITH_VALUE = listed('json.path_with_value', 'string', 'The same with the value.');
const MEMBER_WITH_VALUE = listed('json.member_with_value', 'string', 'A key with its value, in one text.');
const STRING = listed('json.value.string', 'string', 'Text.');
const NUMBER = listed('json.value.number', 'string', 'A number, as it is written.');
const TRUE = listed('json.value.true', 'none', 'True.');
const FALSE = listed('json.value.false', 'none', 'False.');
const NULL = listed('json.value.null', 'none', 'Nothing.');

/** Values in values; and members whose fields are shown. */
const DEEPEST = 64;
const MOST_MEMBERS = 2000;
/** Characters of a path or a value that are shown. */
const LONGEST = 1000;

/** Something that was read. Places are bytes of the text. */
interface Found {
  readonly field: ListedField;
  readonly at: number;
  readonly end: number;
  /** null: a mark. */
  readonly text: string | null;
}

export class JsonLayer extends LayerBase {
  readonly protocol = 'json';

  get headerLength(): number {
    return this.end - this.offset;
  }

  override info(): string {
    return 'JavaScript Object Notation';
  }

  protected override collect(sink: FieldSink): void {
    const found = readJson(this.bytes, this.offset, this.end) ?? [];
    walkFields(
      this,
      (reader) => {
        for (const { field, at, end, text } of found) reader.put(field, at - this.offset, end - at, text ?? 1, '');
      },
      sink,
    );
  }
}

/** True when the bytes are an object or an array, all of them. */
export const isJson = (bytes: Uint8Array, at: number, end: number): boolean => readJson(bytes, at, end) !== null;

/** Fields in the order in which Wireshark has them; null: it is none, or not whole. */
function readJson(bytes: Uint8Array, at: number, end: number): Found[] | null {
  const reader = new JsonReader(bytes, at, end);
  const first = reader.peek();
  if (first !== '{' && first !== '[') return null;
  return reader.value(null, '', 0) && reader.isAtEnd ? reader.found : null;
}

const SPACES = /[ \t\r\n]/;
const WORDS: Readonly<Record<string, ListedField>> = { true: TRUE, false: FALSE, null: NULL };
const NUMBER_FORM = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

class JsonReader {
  readonly found: Found[] = [];
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #members = 0;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    this.peek();
    return this.#at >= this.#end;
  }

  /** The next character that is no space, which stays the next; "" behind the last. */
  peek(): string {
    while (this.#at < this.#end && SPACES.test(this.#character)) this.#at++;
    return this.#at < this.#end ? this.#character : '';
  }

  /** Reads a value. `key`: of the member, or "[]"; null: it is the whole text. False: it is none. */
  value(key: string | null, path: string, depth: number): boolean {
    if (depth > DEEPEST) return false;
    const first = this.peek();
    if (first === '{') return this.#object(path, depth);
    if (first === '[') return this.#array(path, depth);
    const at = this.#at;
    if (first === '"') {
      const text = this.#string();
      if (text === null) return false;
      this.#scalar(key, path, STRING, at, text);
      return true;
    }
    const word = this.#word();
    const mark = WORDS[word];
    if (mark === undefined && !NUMBER_FORM.test(word)) return false;
    this.#scalar(key, path, mark ?? NUMBER, at, word);
    return true;
  }

  #object(path: string, depth: number): boolean {
    this.#add(OBJECT, this.#at++, this.#at, null);
    if (this.#takes('}')) return true;
    do {
      if (this.peek() !== '"') return false;
      this.#members++;
      const at = this.#at;
      const key = this.#string();
      const keyEnd = this.#at;
      if (key === null || !this.#takes(':')) return false;
      this.#add(MEMBER, at, keyEnd, key);
      const inner = `${path}/${key}`.slice(0, LONGEST);
      if (!this.value(key, inner, depth + 1)) return false;
      this.#add(KEY, at, keyEnd, key);
      this.#add(PATH, at, keyEnd, inner);
    } while (this.#takes(','));
    return this.#takes('}');
  }

  #array(path: string, depth: number): boolean {
    this.#add(ARRAY, this.#at++, this.#at, null);
    if (this.#takes(']')) return true;
    const inner = `${path}/[]`.slice(0, LONGEST);
    do {
      this.#members++;
      if (!this.value('[]', inner, depth + 1)) return false;
    } while (this.#takes(','));
    return this.#takes(']');
  }

  #scalar(key: string | null, path: string, field: ListedField, at: number, text: string): void {
    const shown = text.slice(0, LONGEST);
    if (key !== null) {
      this.#add(PATH_WITH_VALUE, at, this.#at, `${path}:${shown}`);
      this.#add(MEMBER_WITH_VALUE, at, this.#at, `${key}:${shown}`);
    }
    this.#add(field, at, this.#at, field.type === 'none' ? null : text);
  }

  #add(field: ListedField, at: number, end: number, text: string | null): void {
    if (this.#members <= MOST_MEMBERS) this.found.push({ field, at, end, text });
  }

  #takes(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at++;
    return true;
  }

  /** From one quote to the next; null: it is not closed, or an escape is none. */
  #string(): string | null {
    const from = this.#at++;
    while (this.#at < this.#end && this.#character !== '"') this.#at += this.#character === '\\' ? 2 : 1;
    if (this.#at >= this.#end) return null;
    this.#at++;
    try {
      const text: unknown = JSON.parse(new TextDecoder().decode(this.#bytes.subarray(from, this.#at)));
      return typeof text === 'string' ? visible(text) : null;
    } catch {
      return null;
    }
  }

  /** Up to what can stand behind a value. */
  #word(): string {
    let word = '';
    while (this.#at < this.#end && /[-+.\w]/.test(this.#character) && word.length < LONGEST) {
      word += this.#character;
      this.#at++;
    }
    return word;
  }

  get #character(): string {
    return String.fromCharCode(this.#bytes[this.#at] ?? 0);
  }
}

/** Lines and columns stay what they are, whatever the text has in it. */
const visible = (text: string): string =>
  Array.from(text, (one) =>
    one < ' ' || one === '\x7f' ? formatText(Uint8Array.of(one.charCodeAt(0)), 0, 1) : one,
  ).join('');
