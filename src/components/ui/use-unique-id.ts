// An id that no other element of the page has. Preact's own useId counts within one tree, and a page has several: lab, picture and
// packets would call different things by the same id.
import { useState } from 'preact/hooks';

let given = 0;

export function useUniqueId(): string {
  const [id] = useState(() => `ls-${++given}`);
  return id;
}
