// Imports go one way: cli → demo | replay | compare | autopilot | sidecar | train | import | registry → report → model, llm, database, cluster → config, log, errors.
// Type-only imports count: a type that points upwards ties the layers together as a value does.
// `npm run imports` runs this and fails when not every file of src/ was read.
const base = '^src/[^/]+\\.ts$';
const below = {
  cluster: [],
  database: [],
  model: [],
  llm: [],
  report: ['model', 'database'],
  train: ['report', 'model', 'database'],
  import: ['database'],
  registry: ['model', 'database'],
  export: ['model', 'database'],
  review: ['database'],
  sidecar: ['model', 'llm', 'database'],
  dashboard: ['model', 'llm', 'database'],
  autopilot: ['sidecar', 'train', 'report', 'model', 'llm', 'database'],
  compare: ['sidecar', 'train', 'model', 'llm', 'database'],
  replay: ['sidecar', 'train', 'model', 'llm', 'database'],
  demo: ['import', 'train', 'sidecar', 'model', 'llm', 'database', 'cluster'],
};
const layers = Object.keys(below).map((layer) => ({
  name: `${layer}-imports-down`,
  comment: `src/${layer}/ may import: ${['base files', layer, ...below[layer]].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: `${base}|^src/(${[layer, ...below[layer]].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layers,
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
