import mdx from '@astrojs/mdx';
import preact from '@astrojs/preact';
import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';

const ours = (name) => `./src/components/site/${name}.astro`;

export default defineConfig({
  // Static files only: any file server can host the course, because v86 needs neither COOP nor COEP headers.
  output: 'static',
  outDir: './dist',
  // Prose is set by hand: an automatic dash in `--name` would turn a command into one that fails.
  // Output blocks are a machine's words, not source code: no highlighter.
  markdown: { syntaxHighlight: false },
  devToolbar: { enabled: false },
  // The client router would fetch whatever page a pointer passes over.
  prefetch: false,
  integrations: [
    starlight({
      title: 'Lockstep',
      description: 'Kubernetes networking, one packet at a time: a course with real Linux machines in the page.',
      favicon: '/favicon.svg',
      credits: false,
      pagefind: true,
      lastUpdated: false,
      expressiveCode: false,
      tableOfContents: { minHeadingLevel: 2, maxHeadingLevel: 2 },
      // The page, and what all panels share; everything else lies beside the component that it is of, and is imported by it.
      customCss: [
        ...['fonts', 'tokens', 'starlight', 'base', 'prose'].map((name) => `./src/styles/${name}.css`),
        ...['button', 'field', 'tabs', 'panel', 'pane-border', 'menu-button', 'dialog', 'message', 'hue', 'lamp'].map(
          (name) => `./src/components/ui/${name}.css`,
        ),
      ],
      components: {
        Head: ours('head'),
        Header: ours('header'),
        PageFrame: ours('page-frame'),
        PageSidebar: ours('contents'),
        PageTitle: ours('page-title'),
        TwoColumnContent: ours('reading-and-lab'),
        Search: ours('search'),
        ThemeProvider: ours('theme-provider'),
        ThemeSelect: ours('theme-select'),
        Footer: ours('footer'),
      },
      sidebar: [{ label: 'Episodes', items: [{ autogenerate: { directory: 'episodes' } }] }],
    }),
    // After Starlight, which would otherwise add its own copy with other options.
    mdx({ optimize: true }),
    preact(),
  ],
});
