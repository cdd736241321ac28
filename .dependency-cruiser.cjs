// Imports go one way: cli, library → init → xray, doctor → report, demo, replay, compare, autopilot, simulator, dashboard → classify → sidecar, train, import, export, review,
// registry → model, llm, database, cluster → the files directly in src/. Inside the sidecar and training too, from room to room.
// Type-only imports count: a type that points upwards ties the layers together as a value does.
// `npm run imports` runs this and fails when not every file of src/ was read.
const base = '^src/[^/]+\\.ts$';
const below = {
  database: [],
  cluster: ['database'],
  model: [],
  llm: [],
  train: ['model', 'database'],
  import: ['database'],
  registry: ['model', 'database'],
  export: ['model', 'database'],
  review: ['database'],
  sidecar: ['model', 'llm', 'database'],
  classify: ['sidecar', 'model', 'llm', 'database'],
  simulator: ['llm'],
  dashboard: ['database'],
  report: ['model'],
  autopilot: ['classify', 'sidecar', 'train', 'model', 'llm', 'database'],
  compare: ['sidecar', 'train', 'model', 'llm', 'database'],
  replay: ['sidecar', 'train', 'model', 'llm', 'database'],
  doctor: ['cluster', 'database'],
  xray: ['replay', 'report', 'import', 'train', 'sidecar', 'model', 'llm', 'database', 'cluster'],
  init: ['xray', 'doctor', 'import', 'train', 'sidecar', 'model', 'llm', 'database', 'cluster'],
  demo: ['simulator', 'import', 'train', 'sidecar', 'model', 'llm', 'database', 'cluster'],
  library: ['autopilot', 'classify', 'sidecar', 'train', 'import', 'model', 'llm', 'database', 'cluster'],
};
// Beside the command line stands the library: as that does, it hands a sidecar the command that trains.
const beside = { library: '|^src/cli/training-commands\\.ts$' };
const layers = Object.keys(below).map((layer) => ({
  name: `${layer}-imports-down`,
  comment: `src/${layer}/ may import: ${['base files', layer, ...below[layer]].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: {
    path: '^src/',
    pathNot: `${base}|^src/(${[layer, ...below[layer]].join('|')})/${beside[layer] ?? ''}`,
  },
}));

// The rooms of a layer: its `ground` files, which the rooms may import, and its folders with those below each. What else stands
// directly in the layer puts the rooms together: it may import all of them, and no room may import it.
const rooms = {
  sidecar: {
    ground: ['claims', 'errors', 'insist', 'shop-pace', 'waker', 'watch'],
    below: { local: [], llm: [], metrics: [], jobs: ['local', 'llm'] },
  },
  train: {
    ground: ['model-folder', 'onnx-graph', 'open-session', 'random'],
    below: {
      data: [],
      gates: [],
      letters: [],
      meaning: [],
      join: ['letters', 'meaning', 'gates'],
      judge: ['join', 'data'],
      cleaning: ['judge', 'join', 'meaning', 'data'],
    },
  },
};
const insideLayers = Object.entries(rooms).flatMap(([layer, { ground, below }]) => {
  const groundFiles = `^src/${layer}/(${ground.join('|')})\\.ts$`;
  const inside = `^src/${layer}/`;
  return [
    ...Object.keys(below).map((room) => ({
      name: `${layer}-${room}-imports-down`,
      comment: `of its layer src/${layer}/${room}/ may import: ${[...ground, room, ...below[room]].join(', ')}`,
      severity: 'error',
      from: { path: `${inside}${room}/` },
      to: { path: inside, pathNot: `${groundFiles}|${inside}(${[room, ...below[room]].join('|')})/` },
    })),
    {
      name: `${layer}-ground-imports-ground`,
      comment: `of its layer ${ground.join(', ')} may import each other only`,
      severity: 'error',
      from: { path: groundFiles },
      to: { path: inside, pathNot: groundFiles },
    },
    {
      name: `${layer}-known-room`,
      comment: `a new folder in src/${layer}/ needs its line in \`rooms\``,
      severity: 'error',
      from: { path: `${inside}[^/]+/`, pathNot: `${inside}(${Object.keys(below).join('|')})/` },
      to: {},
    },
  ];
});

module.exports = {
  forbidden: [
    ...layers,
    ...insideLayers,
    {
      name: 'base-imports-base',
      comment: 'files directly in src/ may import each other only',
      severity: 'error',
      from: { path: base },
      to: { path: '^src/', pathNot: base },
    },
    {
      name: 'known-layer',
      comment: 'a new folder in src/ needs its line in `below`',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(cli|${Object.keys(below).join('|')})/` },
      to: {},
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'shipped-code-stands-alone',
      comment: 'what `npm pack` ships may import neither tests nor development packages (types excepted)',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|examples)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'database-alone-speaks-to-it',
      comment: 'queries and connections are in src/database/',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/database/' },
      to: { path: 'node_modules/(@types/)?(pg|pg-[a-z-]+|pgvector)/' },
    },
    { name: 'resolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    // Its own TypeScript reader stops at TypeScript 6: without this it reads no file, says so and exits 0.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
