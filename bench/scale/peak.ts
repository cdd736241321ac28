import { readFileSync } from 'node:fs';

/** What a training of 743,000 names may take: 4 GB. */
export const mostBytes = 4e9;

/** The most memory that this process, its threads included, ever held. */
export function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  // not maxRSS: that one starts as the peak of the process that started this one
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Says on stderr, and by exit code 1, when the peak was above 4 GB. */
export function judgePeak(bytes: number): void {
  if (bytes <= mostBytes) return;
  console.error(`error the peak of ${(bytes / 1e9).toFixed(2)} GB is above ${mostBytes / 1e9} GB`);
  process.exitCode = 1;
}
