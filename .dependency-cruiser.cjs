// The arrows of docs/architecture.md as rules: components, cli -> lab -> machine -> guest -> wire, recording -> topology, journey -> hop ->
// capture -> packet -> basics.
// What is forbidden stands beside the reason for it. Imports of types count: a type from above ties a file down as well.

/** A folder that nobody may reach into but those named. */
const layer = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

// Tests may look wherever they need to, to put real parts together.
const test = '\\.test\\.tsx?$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    layer(
      'basics-know-nobody',
      { path: '^src/basics/', pathNot: test },
      { path: '^src/', pathNot: '^src/basics/' },
      'What every room may use leans on none of them.',
    ),
    layer(
      'packet-knows-nobody',
      { path: '^src/packet/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|packet)/' },
      'Decoding is a function of bytes. It runs in pages, workers, Node and fuzzers, and brings nothing along but basics, which lean on nobody either.',
    ),
    layer(
      'packet-is-pure',
      { path: '^src/packet/', pathNot: test },
      { dependencyTypes: ['core', 'npm', 'npm-dev'] },
      'Decoding needs neither Node nor a library: whoever imports it pays for it alone.',
    ),
    layer(
      'capture-knows-packet-only',
      { path: '^src/capture/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|capture|packet)/' },
      'A capture file is a format: it must be readable where there is no machine and no lab.',
    ),
    layer(
      'hop-is-pure',
      { path: '^src/hop/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|hop|capture|packet)/' },
      'What was seen, and what makes two sightings one packet, is one thing for labs, files, pictures and journeys.',
    ),
    layer(
      'journey-is-made-of-hops',
      { path: '^src/journey/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|journey|hop|capture|packet)/' },
      'Stitching hops is pure, so that a recorded journey and a live one are one thing.',
    ),
    layer(
      'wire-is-pure',
      { path: '^src/wire/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|wire)/' },
      'The virtual Ethernet moves frames; which machine they come from is nothing to it.',
    ),
    layer(
      'topology-is-pure',
      { path: '^src/topology/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|topology|hop|packet)/' },
      'The graph follows from kernel reports, and the way of a packet in it from hops alone: given the same, the same picture.',
    ),
    layer(
      'recording-is-pure',
      { path: '^src/recording/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|recording|topology|journey|hop|capture|packet)/' },
      'A saved run is data: a page, a test or a phone reads it where there is no lab and no machine.',
    ),
    layer(
      'guest-below-machine',
      { path: '^src/guest/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|guest|wire|recording|topology|journey|hop|capture|packet)/' },
      'What a Debian guest of ours is and says is the same whatever runs it: it does not know who does.',
    ),
    layer(
      'machine-below-lab',
      { path: '^src/machine/', pathNot: test },
      { path: '^src/', pathNot: '^src/(basics|machine|guest|wire|recording|topology|journey|hop|capture|packet)/' },
      'A machine does not know that it is part of a lab, let alone who looks at it.',
    ),
    layer(
      'drivers-behind-the-interface',
      { path: '^src/', pathNot: ['^src/(machine|cli/builder)/', '^src/lab/(page|node)-drivers\\.ts$', test] },
      { path: '^src/machine/[^/]+/' },
      'Drivers stand in two tables, one for pages and one for Node; everyone else has a Machine and cannot tell v86 from QEMU.',
    ),
    layer(
      'tests-name-no-driver',
      { path: '^tests/(machine|content|e2e|bench|commands)/', pathNot: '^tests/machine/lab-build\\.test\\.ts$' },
      { path: '^src/machine/[^/]+/' },
      'What is promised of a machine is promised whatever runs it. Only what builds machines has to know how they are made.',
    ),
    layer(
      'each-table-in-its-place',
      { path: '^src/', pathNot: ['^src/lab/(open|node)-lab\\.ts$', '^src/cli/builder/', test] },
      { path: '^src/lab/(page|node)-drivers\\.ts$' },
      'Whoever imports the table of the other place bundles threads that cannot run here: a page takes open-lab.ts, Node takes node-lab.ts.',
    ),
    layer(
      'drivers-apart',
      { path: '^src/machine/([^/]+)/', pathNot: test },
      { path: '^src/machine/[^/]+/', pathNot: '^src/machine/$1/' },
      'A driver that leans on another one cannot be taken out, or loaded, alone.',
    ),
    layer(
      'lab-below-components',
      { path: '^src/lab/', pathNot: test },
      { path: '^src/(components|pages|styles|host|cli)/' },
      'A lab runs in Node as it does in a page: it must not draw in what shows it, or what starts it.',
    ),
    layer(
      'components-off-the-machines',
      { path: '^src/components/', pathNot: test },
      { path: '^src/(cli|host)/' },
      'What runs in a page cannot use what runs on a host.',
    ),
    // The rooms of a page, from the lowest up: ui; machines; topology; terminal, packets and journey, which do not know each
    // other; lab; then what stands on a page.
    layer(
      'ui-below-all-rooms',
      { path: '^src/components/ui/', pathNot: test },
      { path: '^src/components/', pathNot: '^src/components/ui/' },
      'What every panel shares leans on none of them.',
    ),
    layer(
      'machines-below-panels',
      { path: '^src/components/machines/', pathNot: test },
      { path: '^src/components/', pathNot: '^src/components/(ui|machines)/' },
      'The words and menus of a machine serve the picture and the terminals alike.',
    ),
    layer(
      'picture-below-other-panels',
      { path: '^src/components/topology/', pathNot: test },
      { path: '^src/components/', pathNot: '^src/components/(ui|machines|topology)/' },
      'The picture is also drawn where there is no lab, as in a recorded walk.',
    ),
    layer(
      'panels-apart',
      { path: '^src/components/(terminal|packets|journey)/', pathNot: test },
      { path: '^src/components/', pathNot: '^src/components/(ui|machines|topology|$1)/' },
      'A panel that needs another one cannot be shown alone; the lab joins them.',
    ),
    layer(
      'lab-below-the-page',
      { path: '^src/components/lab/', pathNot: test },
      { path: '^src/components/(episode|reference|site|walk)/' },
      'A lab does not know on which page it stands.',
    ),
    layer(
      'prose-off-the-lab',
      { path: '^src/components/(episode|reference|walk)/', pathNot: test },
      { path: '^src/components/(lab|terminal|packets|journey|machines|site)/' },
      'A page that is only read pays for no lab: its prose speaks to one through events (ui/command-request.ts).',
    ),
    layer(
      'cli-without-a-page',
      { path: '^src/(cli|host)/', pathNot: test },
      { path: '^src/(components|pages|styles)/' },
      'The command line has no DOM.',
    ),
    layer(
      'server-does-not-build',
      { path: '^src/cli/(commands/(up|dev)\\.ts|serve/|build-process/(start-build|messages)\\.ts)', pathNot: test },
      { path: '^src/cli/builder/', pathNot: '^src/cli/builder/paths\\.ts$' },
      'What builds machines holds their memory until its process ends: the one that goes on serving has it done in another one.',
    ),
    layer(
      'no-node-in-a-page',
      {
        path: '^src/(basics|components|guest|topology|journey|hop|recording|wire|capture)/',
        pathNot: [test, '/fixtures/'],
      },
      { dependencyTypes: ['core'] },
      'These run in a browser; a Node module in them breaks the page, and only when it is opened.',
    ),
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Two files that need each other are one idea in two places. (Types alone may refer to each other.)',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      comment: 'An import that leads nowhere fails at run time, on a path that no test may have taken.',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^astro:', '^virtual:', '\\?'] },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'A package that is there by accident, as a dependency of a dependency, can be gone tomorrow.',
      from: { path: '^(src|tests)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    // TypeScript 7 has no interface for tools yet. This one does not read `using` declarations: dispose in `finally`.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
