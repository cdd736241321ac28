import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaxonError } from '../errors.ts';
import { must } from './run.ts';

/** The mirror that this machine's own apt sources name for its own release. */
async function ownMirror(): Promise<string> {
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const targets = await must('apt-get', [
    'indextargets',
    '--format',
    '$(RELEASE) $(COMPONENT) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  for (const line of targets.split('\n')) {
    const [release, component, uri] = line.split(' ');
    if (release === codename && component === 'main' && uri !== undefined) return uri;
  }
  throw new TaxonError(`apt's sources name no mirror for Debian ${codename}`, {
    hint: 'Install pgvector by hand, or set DATABASE_URL.',
  });
}

/**
 * Fetches and unpacks a Debian source package of another release, checked by that release's own key, with lists and
 * sources of its own: the system's apt sources stay as they are.
 *
 * @param work an empty folder for all of it
 * @returns the folder of the unpacked source
 */
export async function debianSource(name: string, release: string, work: string): Promise<string> {
  const keyring = `/usr/share/keyrings/debian-archive-${release}-automatic.gpg`;
  if (!existsSync(keyring)) {
    throw new TaxonError(
      `${keyring} is missing: this debian-archive-keyring is older than Debian's ${release}`,
      {
        hint: 'Type: apt-get install --only-upgrade debian-archive-keyring',
      },
    );
  }
  const folder = (path: string) => {
    mkdirSync(join(work, path), { recursive: true });
    return join(work, path);
  };
  const parts = folder('sources');
  const entry = [
    'Types: deb-src',
    `URIs: ${await ownMirror()}`,
    `Suites: ${release}`,
    'Components: main',
    `Signed-By: ${keyring}`,
    '',
  ];
  writeFileSync(join(parts, `${release}.sources`), entry.join('\n'));
  const settings = {
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': parts,
    'Dir::State::Lists': folder('lists'),
    'Dir::Cache': folder('cache'),
    // The work folder is private: apt's own download user could not enter it.
    'APT::Sandbox::User': 'root',
  };
  const own = ['-q', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
  await must('apt-get', [...own, 'update']);
  const cwd = folder('source');
  await must('apt-get', [...own, 'source', name], { cwd });
  const unpacked = readdirSync(cwd, { withFileTypes: true }).find((found) => found.isDirectory());
  if (unpacked === undefined) throw new TaxonError(`apt-get source ${name} unpacked nothing`);
  return join(cwd, unpacked.name);
}
