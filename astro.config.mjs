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
      customCss: [
        './src/styles/fonts.css',
        './src/styles/tokens.css',
        './src/styles/starlight.css',
        './src/components/ui/button.css',
        './src/styles/prose.css',
        './src/components/episode/figures/figure.css',
        './src/components/lab/lab.css',
        './src/components/terminal/terminal.css',
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
