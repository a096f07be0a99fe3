// The episodes and the few other pages: Starlight's own schema, and what an episode says of itself.

import { defineCollection } from 'astro:content';
import { docsSchema } from '@astrojs/starlight/schema';
import { glob } from 'astro/loaders';
import { z } from 'astro/zod';

const docs = defineCollection({
  loader: glob({ base: './content/docs', pattern: '**/[^_]*.{md,mdx}' }),
  schema: docsSchema({
    extend: z.object({
      /** The episode's place in the course, 1 to 9. */
      episode: z.number().int().min(1).max(9).optional(),
      /** Honest minutes of reading and doing. */
      minutes: z.number().int().positive().optional(),
      /** Id of the lab that stands beside this page: a folder of sandboxes/labs. */
      lab: z
        .string()
        .regex(/^[a-z0-9-]+$/)
        .optional(),
    }),
  }),
});

export const collections = { docs };
