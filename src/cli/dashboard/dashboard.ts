import { spawn } from 'node:child_process';
import { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { Dashboard } from '../../dashboard/server.ts';
import type { Database } from '../../database/connection/open.ts';
import { pageRoles } from '../../database/dashboard/as-role.ts';
import { misuse } from '../../errors.ts';
import { log } from '../../log.ts';
import { withAnyDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print } from '../output.ts';
import { untilSignal } from '../signals.ts';
import { tokenCommand } from './token.ts';

interface Flags {
  port?: string;
  host?: string;
  url?: string;
  role?: string;
  open?: true;
  json?: true;
}

/** What the system opens addresses with. */
const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens the link in the browser of whoever sits there; where there is none, the link still stands on the screen. */
function openBrowser(link: string): void {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, link], { stdio: 'ignore', detached: true });
  child.on('error', () => log.warn('no browser could be opened here'));
  child.unref();
}

/** Starts the page as flags and configuration say; each further link is a notice. */
export async function openDashboard(db: Database, config: Config, flags: Flags = {}): Promise<Dashboard> {
  const { startDashboard } = await import('../../dashboard/server.ts');
  const role = pageRoles.find((one) => one === flags.role);
  if (flags.role !== undefined && role === undefined)
    throw misuse(`--role ${flags.role}`, `Give ${pageRoles.join(' or ')}.`);
  const publicUrl = flags.url ?? config.dashboardUrl;
  if (publicUrl !== undefined && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? ''))
    throw misuse(`--url ${publicUrl}`, 'Give an address such as https://taxon.shop.example.');
  return startDashboard(db, {
    host: flags.host ?? config.dashboardHost,
    port: flags.port === undefined ? config.dashboardPort : wholeNumber('--port', flags.port, 0),
    ...(role === undefined ? {} : { role }),
    ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/$/, '') }),
    onLink: (link) => log.info('the link was used; one for another browser', { open: link }),
  });
}

function text({ link, url }: Dashboard): string {
  return link === null
    ? `The page: ${url}\nIt takes the tokens of taxon dashboard token add. Ctrl-C ends it.`
    : `The page: ${link}\nThe link opens it once; after that the next one is shown here. Ctrl-C ends it.`;
}

export function dashboardCommand(): Command {
  return new Command('dashboard')
    .summary('the page in the browser: see, review, decide')
    .description(
      'Serves the page in the browser: what the layers did, review by keyboard, thresholds, models, taxonomy, costs.',
    )
    .option('--port <port>', 'the port; 0: any that is free (default: 7878)')
    .option(
      '--host <host>',
      'the address to listen on; elsewhere than here it takes tokens (default: 127.0.0.1)',
    )
    .option('--url <url>', 'where people reach it through a proxy with TLS; only tokens open it then')
    .option('--role <role>', 'what the person at this machine may do: taxon_reader or taxon_admin')
    .option('--open', 'open it in the browser')
    .option('--json', 'print its address as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon dashboard --open
  taxon dashboard --role taxon_reader      looks, changes nothing
  taxon dashboard token add Ann --role taxon_admin
  taxon dashboard --host 0.0.0.0 --url https://taxon.shop.example

taxon up serves it as well. Each request runs with the rights of one role, so that the database refuses what it may not.`,
    )
    .action(async (flags: Flags) => {
      await withAnyDatabase(async (db, config) => {
        const dashboard = await openDashboard(db, config, flags);
        const end = untilSignal(() => dashboard.close());
        print(flags.json === true, { url: dashboard.url, link: dashboard.link }, text(dashboard));
        if (flags.open === true) openBrowser(dashboard.link ?? dashboard.url);
        await end;
      });
    })
    .addCommand(tokenCommand());
}
