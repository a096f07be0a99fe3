// Which programs a command line starts, for the commands page and its tests: those behind pipes and `;`, inside `$(…)`,
// and those that another program starts (docker exec, nsenter, in-netns, timeout, sh -c).
const keywords = new Set(['do', 'done', 'then', 'else', 'fi', 'if', 'until', 'while', '!', '{', '}']);

/** Names of programs as typed, in order, each once. Shell syntax beyond what the episodes use is not understood. */
export function programsOf(command: string): readonly string[] {
  return [...new Set(commandsOf(command).map(([program = '']) => program))];
}

/** The words of each simple command in a command line. Quoted strings are one word, without their quotes. */
export function commandsOf(command: string): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const outer = withoutSubstitutions(command, (inner) => found.push(...commandsOf(inner)));
  const words =
    outer.match(/'[^']*'|"[^"]*"|\d?>&?\S*|\|\||&&|[|;&\n]|[^\s|;&'"]+(?:'[^']*'|"[^"]*")?[^\s|;&]*/g) ?? [];
  let simple: string[] = [];
  for (const word of [...words, ';']) {
    if (!/^(?:\|\||&&|[|;&\n])$/.test(word)) {
      simple.push(word.replace(/^(['"])(.*)\1$/s, '$2'));
      continue;
    }
    addCommand(simple, found);
    simple = [];
  }
  return found;
}

function addCommand(words: readonly string[], found: (readonly string[])[]): void {
  let start = 0;
  while (start < words.length && (keywords.has(words[start] ?? '') || /^\w+=/.test(words[start] ?? ''))) start++;
  const simple = words.slice(start);
  const [program] = simple;
  // `for x in …` starts no program, nor does the name in `word() { … }`, or what a function runs for its caller.
  if (program === undefined || program === 'for' || program.startsWith('$')) return;
  if (program.endsWith('()')) {
    addCommand(simple.slice(1), found);
    return;
  }
  found.push(simple);
  if (program === 'sh' && simple[1] === '-c') found.push(...commandsOf(simple[2] ?? ''));
  const carried = carriedBy(simple);
  if (carried > 0) addCommand(simple.slice(carried), found);
}

/** Where in a command the other command begins that it starts; 0 when it starts none. */
function carriedBy([program, ...rest]: readonly string[]): number {
  // `in-netns` is the function that episodes define: a container, then a command.
  if (program === 'timeout' || program === 'in-netns') return 2;
  if (program === 'ip' && rest[0] === 'netns' && rest[1] === 'exec') return 4;
  if (program === 'docker' && rest[0] === 'exec')
    return 2 + rest.slice(1).findIndex((word) => !word.startsWith('-')) + 1;
  if (program === 'nsenter') return 1 + rest.indexOf('-n') + 1;
  return 0;
}

/** The line with each `$(…)` replaced by a word; what stood inside goes to `inner`. */
function withoutSubstitutions(command: string, inner: (command: string) => void): string {
  let rest = command;
  for (let start = rest.indexOf('$('); start >= 0; start = rest.indexOf('$(')) {
    let depth = 1;
    let end = start + 2;
    for (; end < rest.length && depth > 0; end++) {
      if (rest[end] === '(') depth++;
      if (rest[end] === ')') depth--;
    }
    inner(rest.slice(start + 2, end - 1));
    rest = `${rest.slice(0, start)}_${rest.slice(end)}`;
  }
  return rest;
}
