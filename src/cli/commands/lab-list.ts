import { readLabs } from '../labs.ts';

/** Prints the labs of this checkout. */
export async function labList({ root, json }: { readonly root: string; readonly json: boolean }): Promise<void> {
  const labs = await readLabs(root);
  if (json) {
    for (const { id, title, summary, machines } of labs)
      console.log(JSON.stringify({ id, title, summary, machines: machines.map(({ name }) => name) }));
    return;
  }
  const width = Math.max(...labs.map(({ id }) => id.length));
  for (const { id, title, summary, machines } of labs) {
    console.log(`${id.padEnd(width)}  ${title} (${machines.map(({ name }) => name).join(', ')})`);
    console.log(`${' '.repeat(width)}  ${summary}`);
  }
}
