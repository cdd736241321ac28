import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/**
 * Where distributions put it. `.ci/run` installs Debian's without a window, which takes two thirds of the processor time: the
 * full one draws its own toolbar in a page beside each page, also where nobody sees it.
 */
const places = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
];
export const chromiumPath = places.find((place) => existsSync(place));

export function startBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('Chromium is not installed');
  // as root it has no sandbox of its own
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
}
