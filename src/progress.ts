import { log, logsJson, shows } from './log.ts';

/** What long work calls as it goes. `done` counts up to the total. */
export interface Progress {
  /** Sets how much is done so far. */
  at(done: number): void;
  /** Ends the line. Safe to call twice. */
  end(): void;
}

const second = 1000;

/** Seconds as people say them: 8 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/**
 * Progress with rate and time left on standard error: a bar that redraws on a terminal, a plain line every ten
 * seconds in a pipe, an object where the log is JSON. Nothing where notices are not shown (--quiet).
 *
 * @param label what is going on, e.g. "encoding"
 * @param total how many units there are in all
 * @param unit  the unit's plural, e.g. "names"
 */
export function progress(label: string, total: number, unit: string): Progress {
  const started = Date.now();
  const json = logsJson();
  const terminal = process.stderr.isTTY === true && !json;
  const every = terminal ? 0.1 * second : 10 * second;
  let last = started;
  let latest = 0;
  let ended = false;

  function line(): string {
    const seconds = (Date.now() - started) / second;
    const rate = latest / Math.max(seconds, 0.001);
    const left = rate > 0 ? `, ${duration((total - latest) / rate)} left` : '';
    const share = total === 0 ? 1 : Math.min(1, latest / total);
    const bar = terminal ? ` ${'█'.repeat(Math.round(share * 20)).padEnd(20, '░')}` : '';
    const tail = ended ? ` in ${duration(seconds)}` : left;
    return `${label}${bar} ${latest}/${total} ${unit}, ${rate.toFixed(rate < 10 ? 1 : 0)}/s${tail}`;
  }
  function draw(): void {
    if (!shows('info')) return;
    if (json) log.info(label, { done: latest, total, unit, seconds: (Date.now() - started) / second });
    else process.stderr.write(terminal ? `\r\x1b[K${line()}` : `${line()}\n`);
  }
  return {
    at(done) {
      latest = done;
      if (Date.now() - last < every) return;
      last = Date.now();
      draw();
    },
    end() {
      if (ended) return;
      ended = true;
      draw();
      if (terminal) process.stderr.write('\n');
    },
  };
}
