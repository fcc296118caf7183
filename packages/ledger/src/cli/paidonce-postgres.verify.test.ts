// Every command on a log in PostgreSQL, and the way of a log through all stores.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeStories } from '../audit/golden-log.test-support.ts';
import { describeWithBinaries } from '../event-store/postgres/server.test-support.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { openEventStore } from '../event-store/store-url.ts';
import { ServerDouble } from '../testing/eventstoredb-double/server-double.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres-server/index.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

const directory = newDirectory();
const onFile = `sqlite:${join(directory, 'ledger.db')}`;

describeWithBinaries('the commands on PostgreSQL', () => {
  let server: PostgresServer;
  let onServer = '';
  let root: unknown;
  const run = (...args: readonly string[]) => runPaidonce(args, { LEDGER_URL: onServer });
  const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => JSON.parse((await run(...args, '--json')).out);

  beforeAll(async () => {
    server = await startPostgres();
    onServer = `${server.url()}?schema=ledger`;
    const file = await openSqliteEventStore(onFile.slice('sqlite:'.length));
    await writeStories(file);
    await file.close();
    root = (await json('verify', '--store', onFile))['root'];
  });
  afterAll(async () => {
    await server?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  test('make no ledger where there is none, unless they are told to', async () => {
    for (const args of [
      ['verify'],
      ['copy', '--from', onFile, '--to', onServer],
      ['compare', 'none.csv', '--repair', '--actor', 'a', '--reason', 'r'],
    ]) {
      expect(await run(...args)).toMatchObject({ code: 2 });
    }
    expect((await run('copy', '--from', onFile, '--to', onServer)).err).toContain('There is no ledger in the schema ledger.');
    expect(await server.query("select from pg_namespace where nspname = 'ledger'")).toHaveLength(0);
  });

  test('copy a log from SQLite, to EventStoreDB, and back to SQLite: one root at each end', async () => {
    const double = await ServerDouble.start();
    const ways = [onFile, onServer, double.url, `sqlite:${join(directory, 'back.db')}`];
    for (const [index, from] of ways.slice(0, -1).entries()) {
      const to = ways[index + 1] as string;
      expect(await json('copy', '--from', from, '--to', to, '--create')).toMatchObject({ outcome: 'copied', root });
      expect(await json('copy', '--from', from, '--to', to)).toMatchObject({ outcome: 'copied', root, appended: 0 });
    }
    double.kill();
  });

  test('read there what they read on the file', async () => {
    for (const args of [
      ['replay'],
      ['explain', 'confirmed'],
      ['explain', '--member', 'member-held'],
      ['stats'],
      ['export'],
      ['verify', '--json'],
    ]) {
      const plain = (text: string) =>
        text.replace(/^;.*|; \d+ events in .*|Counted: .*|"(?:store|log|seconds|position)":(?:"[^"]*"|[\d.]+),?/gm, '');
      const [there, here] = [await run(...args), await run(...args, '--store', onFile)];
      expect([there.code, plain(there.out)]).toEqual([0, plain(here.out)]);
    }
  });

  test('know its end: a position past it is refused', async () => {
    const refused = { code: 2, err: expect.stringContaining('Position 20200101 is past the end of the log.') };
    expect(await run('explain', 'confirmed', '--as-of', '20200101')).toMatchObject(refused);
  });

  test('sign it, and prove an order of it', async () => {
    const [keyFile, checkpoints, receipt] = ['key', 'checkpoints', 'receipt.json'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const key = (await run('key', 'shop.example/ledger', '--out', keyFile)).out.trim();
    expect((await run('checkpoint', '--key-file', keyFile, '--out', checkpoints)).code).toBe(0);
    expect(await json('verify', '--checkpoints', checkpoints, '--key', key)).toMatchObject({ found: 0, checkpoints: 1, root });
    expect((await run('receipt', 'refunded', '--checkpoints', checkpoints, '--out', receipt)).code).toBe(0);
    expect((await run('receipt', 'verify', receipt, '--key', key)).code).toBe(0);
  });

  test('find the one byte that somebody changed, and the copy that differs by it', async () => {
    await server.query(`update ledger.events set data = replace(data, '"round":1', '"round":2') where type = 'SweepStarted'`);
    expect(await json('verify')).toMatchObject({ findings: [{ rule: 'sweep', stream: 'sweep-new', found: 'SweepStarted of round 2' }] });
    expect(await json('copy', '--from', onFile, '--to', onServer)).toMatchObject({ outcome: 'differs' });
  });

  test('import into a schema that they make', async () => {
    const [exported, to] = [join(directory, 'log.ndjson'), `${server.url()}?schema=imported`];
    await run('export', '--store', onFile, '--out', exported);
    expect((await run('import', exported, '--store', to)).err).toContain('There is no ledger in the schema imported.');
    expect((await run('import', exported, '--store', to, '--create')).out).toContain(`Tree: ${root}, as exported.`);
  });

  test('print the schema, which a server takes as it is', async () => {
    await server.query('create role cautious login');
    await server.query(
      (await run('postgres-schema', '--schema', 'printed', '--grants', 'cautious', '--read-grants', 'Odd "one"')).out.replaceAll(
        '"Odd ""one"""',
        'cautious',
      ),
    );
    await (await openEventStore(`${server.url()}?schema=printed`, { create: false })).close();
    expect(await run('postgres-schema', '--schema', 'No')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is no plain name in lower case'),
    });
  });
});
