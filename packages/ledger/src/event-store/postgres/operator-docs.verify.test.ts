// Runs what docs/operate/postgres.md says to do, with the very texts of that page. It needs the programs of PostgreSQL's client.
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPaymentLedger } from '../../ledger.ts';
import { startPostgres } from '../../testing/postgres-server/index.ts';
import { openEventStore } from '../store-url.ts';
import { allEvents, describeWithBinaries, newEvents, openStore } from './server.test-support.ts';

const page = readFileSync(new URL('../../../../../docs/operate/postgres.md', import.meta.url), 'utf8');
const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** The block of code of that page whose fence has this name. */
function block(name: string): string {
  const [, indent = '', text] = new RegExp(`^( *)\`\`\`sh ${name}\n(.*?)^ *\`\`\``, 'ms').exec(page) ?? [];
  if (text === undefined) throw new Error(`the page has no block ${name}`);
  return text.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

const missing = ['psql', 'pg_dump', 'pg_restore'].filter((program) => !isThere(program));
if (missing.length > 0) {
  const reason = `There is no ${missing.join(', ')} on this machine. Install postgresql-client`;
  console.warn(`SKIPPED: docs/operate/postgres.md. ${reason}`);
  describe('docs/operate/postgres.md', () => test.skip(reason, () => undefined));
} else {
  describeWithBinaries('docs/operate/postgres.md', () => {
    test('makes roles, backs up, restores in two ways, and leaves', async () => {
      const { run, server, appUrl } = await startShop();
      await run('roles');
      await expect(openEventStore(appUrl.replace('//app:', '//auditor:'))).rejects.toMatchObject({ code: 'invalid_input' });
      const store = await openStore({ url: appUrl });
      const ledger = createPaymentLedger({ eventStore: store, readModels: ':memory:', background: false });
      await ledger.placeOrder(placed('order-1'));
      await run('dump');
      await run('copy');
      await ledger.placeOrder(placed('order-2'));
      expect(await run('copy')).toMatch(/^1 events copied, [1-9]\d* were there\..*Nothing found\.$/ms);

      await run('restore');
      await expect(ledger.order('order-1')).rejects.toMatchObject({ code: 'log_went_back' });
      expect(await orders(appUrl)).toEqual(['order-1']);
      await run('restore-copy');
      expect(await orders(appUrl)).toEqual(['order-1', 'order-2']);
      const next = await openStore({ url: appUrl, create: false });
      expect(await next.append('order-order-3', -1, newEvents(1))).toMatchObject({ appended: true });

      expect(await run('leaving')).toMatch(/^[1-9]\d* events copied, 0 were there\./m);
      expect(await server.query("select from pg_namespace where nspname = 'paidonce'", 'shop')).toHaveLength(0);
    });

    test('says what of a dump of the whole database `pg_restore --schema` leaves out', async () => {
      const { run, shell, appUrl } = await startShop();
      await run('roles');
      const store = await openStore({ url: appUrl });
      await store.append('order-order-1', -1, newEvents(2));
      await shell(`pg_dump --format=custom --file=all.dump "$OWNER_URL"
        psql "$OWNER_URL" -c 'drop schema paidonce cascade' -c 'create schema paidonce'
        pg_restore --exit-on-error --schema=paidonce --dbname="$OWNER_URL" all.dump`);
      await expect(openEventStore(appUrl)).rejects.toThrow('permission denied for schema paidonce');
      await shell(`psql "$OWNER_URL" -c 'grant usage on schema paidonce to app, auditor'`);
      expect(await orders(appUrl)).toEqual(['order-1']);
    });
  });
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The ids of the orders in a log. */
async function orders(url: string): Promise<readonly string[]> {
  const store = await openStore({ url, create: false });
  const names = (await allEvents(store)).map(({ stream }) => stream).filter((name) => name.startsWith('order-'));
  return [...new Set(names)].map((name) => name.slice('order-'.length));
}

function placed(orderId: string) {
  return { orderId, memberId: 'member-1', plan: 'pro', amountMinor: 4_900, currency: 'usd', account: 'acct_1', livemode: false };
}

/** A database `shop` with an owner who is no administrator, and a folder in which the page's commands run. */
async function startShop() {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  for (const sql of ["create role owner login password 'PASSWORD'", 'create database shop owner owner']) await server.query(sql);
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-operate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paidonce = join(folder, 'paidonce');
  writeFileSync(paidonce, `#!/bin/sh\nexec '${process.execPath}' --conditions=@paidonce/source '${main}' "$@"\n`);
  chmodSync(paidonce, 0o755);
  const appUrl = server.url('shop', 'app', 'PASSWORD');
  const env = {
    PATH: `${folder}:${process.env['PATH']}`,
    ADMIN_URL: server.url('shop'),
    OWNER_URL: server.url('shop', 'owner', 'PASSWORD'),
    LEDGER_URL: appUrl,
  };
  const shell = async (script: string): Promise<string> =>
    (await promisify(execFile)('bash', ['-eo', 'pipefail', '-c', script], { cwd: folder, env })).stdout;
  return { server, appUrl, shell, run: (name: string) => shell(block(name)) };
}
