import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { log } from '../log.ts';
import { isRoot } from './account.ts';
import { withLock } from './lock.ts';
import { systemFolder } from './place.ts';
import { must, run } from './run.ts';

const apt = '/usr/bin/apt-get';
// Another apt may be at work, as in the first minutes of a new virtual machine.
const patient = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=600'];
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own syntax
const statusFormat = '--showformat=${db:Status-Status}';
const quiet = { DEBIAN_FRONTEND: 'noninteractive' };

/** Whether this process may install Debian or Ubuntu packages. */
export function mayUseApt(): boolean {
  return isRoot() && existsSync(apt);
}

/** Whether Homebrew is here; it refuses to run as root. */
export async function mayUseBrew(): Promise<boolean> {
  return !isRoot() && (await run('brew', ['--version'])).code === 0;
}

/** Does the work while no other process of this user installs: checkouts share the folders that it is installed into. */
export function withInstallLock<T>(work: () => Promise<T>): Promise<T> {
  const folder = isRoot() ? systemFolder : tmpdir();
  return withLock(join(folder, `install-${process.getuid?.()}.lock`), 900, work);
}

async function isInstalled(name: string): Promise<boolean> {
  const { stdout } = await run('dpkg-query', ['--show', statusFormat, name]);
  return stdout === 'installed';
}

/** Fetches the package lists; an image often has none. A mirror that does not answer is left to the installation to report. */
export async function aptUpdate(): Promise<void> {
  await run(apt, [...patient, 'update'], { env: quiet });
}

/** Whether apt knows a package of this name and could install it. */
export async function aptKnows(name: string): Promise<boolean> {
  const { stdout } = await run('apt-cache', ['policy', name]);
  return /Candidate: (?!\(none\))\S/.test(stdout);
}

/** Installs what is missing of these packages, without recommended ones. Says so on standard error. */
export async function aptInstall(names: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of names) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return;
  log.info(`installing ${missing.join(' ')} by apt-get`);
  const install = [...patient, 'install', '--no-install-recommends', ...missing];
  // Lists that are out of date name files that the mirror has no more: fetch them and try once again.
  if ((await run(apt, install, { env: quiet })).code === 0) return;
  await aptUpdate();
  await must(apt, install, { env: quiet });
}

/** Installs a Homebrew formula. Says so on standard error. */
export async function brewInstall(name: string): Promise<void> {
  log.info(`installing ${name} by brew`);
  await must('brew', ['install', name]);
}
