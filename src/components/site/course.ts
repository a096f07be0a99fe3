// The course's map: nine episodes, in order. Whether one is written is not said here: a page that has a file is.
import type { CollectionEntry } from 'astro:content';
import { extractRuns } from '../episode/extract-runs.ts';
import { commandKeys } from '../ui/command-keys.ts';
import { pageName } from '../ui/progress.ts';

export interface Episode {
  readonly number: number;
  readonly title: string;
  /** One sentence: what a reader will have seen with their own eyes at the end. */
  readonly about: string;
}

export interface CourseEntry extends Episode {
  /** Address of the page; absent while the episode is not written. */
  readonly href?: string;
  readonly minutes?: number;
  /** The page's name in what is remembered of the reader's progress. */
  readonly page?: string;
  /** Keys of its commands, without exercises. */
  readonly commands?: readonly string[];
}

const episodes: readonly Episode[] = [
  {
    number: 1,
    title: 'The super bridge',
    about: 'One host, two containers, and the bridge that carries every frame between them.',
  },
  {
    number: 2,
    title: 'Through the keyhole',
    about: 'Two hosts with one range: published ports, address translation, and what they cost.',
  },
  {
    number: 3,
    title: 'Three promises',
    about: 'What Kubernetes asks of a network, where plain Docker breaks it, and how to keep it by hand.',
  },
  {
    number: 4,
    title: 'An address for everyone',
    about: 'flannel gives each host its own range and carries packets in VXLAN.',
  },
  {
    number: 5,
    title: 'Who writes, who carries',
    about: 'flannel’s parts taken away one by one, and the same packet without a tunnel.',
  },
  { number: 6, title: 'Who may talk', about: 'Calico’s policies, down to the rule that drops a packet.' },
  { number: 7, title: 'Canal', about: 'flannel carries, Calico decides: both together, on the same packet.' },
  { number: 8, title: 'The cluster', about: 'etcd, a control plane and two workers, provisioned as code.' },
  {
    number: 9,
    title: 'Roads not taken',
    about: 'Routes without tunnels, eBPF, IPv6: what else would have kept the promises.',
  },
];

/** How many episodes the course is to have. */
export const episodeCount = episodes.length;

/** The map, with the address of each episode that has a page among `pages`. */
export function course(pages: readonly CollectionEntry<'docs'>[]): readonly CourseEntry[] {
  return episodes.map((episode) => {
    const page = pages.find((candidate) => candidate.data.episode === episode.number && !candidate.data.draft);
    if (!page) return episode;
    const { minutes } = page.data;
    return {
      ...episode,
      page: pageName(page.id),
      commands: keysOf(page.body ?? ''),
      href: `${import.meta.env.BASE_URL}${page.id}/`,
      ...(minutes === undefined ? {} : { minutes }),
    };
  });
}

function keysOf(source: string): readonly string[] {
  const runs = extractRuns(source);
  return commandKeys(runs).filter((_, at) => runs[at]?.free === false);
}
