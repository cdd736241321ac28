import { createHash } from 'node:crypto';
import { entryPath, importMap } from './files.ts';

/** A square of four layers, as the tab's sign. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%23334155'/%3E%3Cpath d='M3 4h10v2H3zM3 7h7v2H3zM3 10h4v2H3z' fill='%23fff'/%3E%3C/svg%3E";

/**
 * The one HTML page. It holds no data and no script but the import map, whose digest is in the policy.
 *
 * @param modules those that the first screen needs
 */
export function page(modules: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>pgtaxon</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/style.css">
<script type="importmap">${importMap}</script>
${modules.map((path) => `<link rel="modulepreload" href="${path}">`).join('\n')}
<script type="module" src="${entryPath}"></script>
</head>
<body><div id="page"><p class="starting">pgtaxon is loading …</p></div>
<noscript>This page needs JavaScript. In the terminal, taxon status says the same.</noscript>
</body>
</html>
`;
}

const digest = createHash('sha256').update(importMap).digest('base64');

/** What the browser may do with the page: load what this server has, and nothing else. */
export const policy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${digest}'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');
