// Runs before `npm start`, `npm test`, `npm run taxon` and `bin/taxon` with nothing but what Node ships (20, 22, 24), because in a
// fresh clone nothing is installed yet. Installs exactly the lock file's packages when node_modules is not the lock's.
// Standard output stays empty: it belongs to the command that follows (`npm start --silent -- --once --json`).
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.pgtaxon-lock.sha256');
const ownNode = join(root, 'node_modules', 'node', 'bin', 'node');
const lockPath = join(root, 'package-lock.json');
const wanted = createHash('sha256').update(readFileSync(lockPath)).digest('hex');
const token = randomUUID();
const turn = join(root, '.taxon', 'set-up.lock');
const beatMs = 500;
const abandonedMs = 5000;

const say = (text) => process.stderr.write(`pgtaxon: ${text}\n`);
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/** True when node_modules was installed from this very lock file, to its end. */
function installed() {
  // The package `node` unpacks Node 24 in its install script; `npm ci --ignore-scripts` leaves it out.
  if (!existsSync(ownNode)) return false;
  const stamped = read(stamp);
  if (stamped !== undefined) return stamped === wanted;
  // Somebody ran `npm ci` by hand: npm writes its hidden lock last, so it is there and newer than ours.
  const hidden = join(root, 'node_modules', '.package-lock.json');
  return existsSync(hidden) && statSync(hidden).mtimeMs > statSync(lockPath).mtimeMs;
}

/** Takes `turn` if nobody has it. */
function take() {
  mkdirSync(dirname(turn), { recursive: true });
  try {
    writeFileSync(turn, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

const lastBeat = () => statSync(turn, { throwIfNoEntry: false })?.mtimeMs;
const mine = () => read(turn)?.startsWith(token) === true;

/** True while the npm lives that whoever has the turn started: it goes on when only its parent was killed. */
function npmRuns() {
  const pid = Number(read(turn)?.split(' ')[1]);
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Waits until this process alone may install. Whoever has the turn touches the file twice a second; one that stood
 * still for five seconds while we looked belongs to a process that was killed. (Looking on, instead of comparing
 * clocks, holds on network disks, in containers and after a reboot.)
 */
async function waitForTurn() {
  let told = false;
  while (!take()) {
    if (!told) say(`another process is installing packages, waiting for it (${turn}) …`);
    told = true;
    const beat = lastBeat();
    let stillFor = 0;
    while (stillFor < abandonedMs && beat !== undefined && lastBeat() === beat) {
      await sleep(beatMs);
      stillFor += beatMs;
    }
    if (stillFor < abandonedMs || npmRuns()) continue;
    rmSync(turn, { force: true });
    // Two who wait may both remove it; the last one who wrote has the turn.
    if (take()) await sleep(beatMs);
    if (mine()) return;
  }
}

/** `npm ci` through the npm that runs us. Resolves to its exit code or the signal that ended it. */
function install() {
  const npm = process.env.npm_execpath;
  const [command, first] = /npm-cli\.js$/.test(npm ?? '') ? [process.execPath, [npm]] : ['npm', []];
  // A parent's `--silent` would hide npm's errors, NODE_ENV=production would leave out Node 24 itself.
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'];
  // onnxruntime-node's install script would download a GPU build of 300 MB; the CPU binary is inside the package.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const child = spawn(command, [...first, ...options], { cwd: root, env, stdio: ['ignore', 2, 2] });
  writeFileSync(turn, `${token} ${child.pid}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
}

async function installAlone() {
  await waitForTurn();
  const beating = setInterval(() => {
    const now = new Date();
    utimesSync(turn, now, now);
  }, beatMs);
  try {
    if (installed()) return;
    say('installing packages (npm ci), about half a minute …');
    const started = Date.now();
    rmSync(stamp, { force: true });
    const ended = await install();
    if (ended !== 0) throw new Error(`npm ci ended with ${ended}`);
    if (!existsSync(ownNode)) throw new Error('npm ci left out Node 24: are install scripts switched off?');
    say(`packages installed in ${Math.round((Date.now() - started) / 1000)} s`);
  } finally {
    clearInterval(beating);
    if (mine()) rmSync(turn, { force: true });
  }
}

try {
  if (!installed()) await installAlone();
  if (read(stamp) !== wanted) writeFileSync(stamp, wanted);
} catch (error) {
  say(
    `${error.message}. What went wrong is above; correct it (network, proxy, disk space) and run it again.`,
  );
  process.exit(1);
}
