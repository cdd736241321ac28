// `node scripts/complete-lock.js [LOCKFILE]`, after each `npm install PACKAGE`: adds the packages for other platforms
// that the lock file names as optional but does not hold. npm leaves them out when the registry at hand has no such
// package, and then every `npm ci` refuses the lock file as "not in sync", on all platforms. An entry without a
// checksum is enough: npm skips it elsewhere and looks it up where it fits. Prints what it added.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = process.argv[2] ?? join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
const packages = lock.packages;

const systems = ['android', 'darwin', 'win32', 'freebsd', 'openharmony', 'linux'];
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64'];

/** Where Node would find `name` from the package at `from`, looking from folder to folder upwards. */
function find(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[place]) return packages[place];
    if (at === '') return undefined;
  }
}

/** What runs it, read off its name: `@swc/core-linux-arm64-musl`. */
function platform(name, sibling) {
  const os = systems.find((system) => name.includes(system));
  const cpu = processors.find((processor) => name.includes(processor));
  if (!os || !cpu) throw new Error(`${name}: the name tells no platform, add it to ${path} by hand`);
  const musl = os === 'linux' && (name.includes('musl') ? 'musl' : sibling?.libc && 'glibc');
  return { cpu: [cpu], ...(musl ? { libc: [musl] } : {}), os: [os] };
}

const added = [];
for (const [place, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  const siblings = Object.keys(optionalDependencies);
  for (const name of siblings.filter((name) => !find(place, name))) {
    const linux = siblings.find((other) => other.includes('linux') && find(place, other));
    const sibling = linux && find(place, linux);
    added.push(`${name}@${optionalDependencies[name]}`);
    packages[`node_modules/${name}`] = {
      version: optionalDependencies[name],
      ...platform(name, sibling),
      ...(dev ? { dev } : {}),
      ...(sibling ? { license: sibling.license, engines: sibling.engines } : {}),
      optional: true,
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
for (const name of added) console.log(name);
