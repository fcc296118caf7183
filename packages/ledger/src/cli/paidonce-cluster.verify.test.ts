// Tests every command on a log in EventStoreDB, over its real protocol.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeStories } from '../audit/golden-log.test-support.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { openEventStore } from '../event-store/store-url.ts';
import { createPaymentLedger } from '../ledger.ts';
import { ServerDouble } from '../testing/eventstoredb-double/server-double.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

const directory = newDirectory();
const storiesStore = `sqlite:${join(directory, 'ledger.db')}`;
const exported = join(directory, 'log.ndjson');
const keyFile = join(directory, 'key');
const checkpoints = join(directory, 'checkpoints');
let server: ServerDouble;
let key = '';
let root: unknown;

const run = (...args: readonly string[]) => runPaidonce(args, { LEDGER_URL: server.url });
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => JSON.parse((await run(...args, '--json')).out);

beforeAll(async () => {
  server = await ServerDouble.start();
  await writeStories(await openSqliteEventStore(storiesStore.slice('sqlite:'.length)));
  await run('export', '--store', storiesStore, '--out', exported);
  root = (await json('verify', '--store', storiesStore))['root'];
  key = (await run('key', 'shop.example/ledger', '--out', keyFile)).out.trim();
  await run('checkpoint', '--store', storiesStore, '--key-file', keyFile, '--out', checkpoints);
  expect(await run('import', exported, '--create')).toMatchObject({ code: 0, out: expect.stringContaining(`Tree: ${root}, as exported.`) });
});
afterAll(() => {
  server.kill();
  rmSync(directory, { recursive: true, force: true });
});

describe('a log that was moved to a cluster', () => {
  test('verifies there, against a checkpoint that was signed before', async () => {
    expect(await json('verify', '--checkpoints', checkpoints, '--key', key)).toMatchObject({ found: 0, checkpoints: 1, root });
  });

  test('is replayed, told, counted, signed and proved as it was on the file', async () => {
    for (const args of [
      ['replay'],
      ['explain', 'confirmed'],
      ['explain', '--member', 'member-held'],
      ['stats'],
      ['export', '--format', 'hledger', '--mode', 'live'],
    ]) {
      const plain = (text: string) => text.replace(/^;.*|; \d+ events in .*|Counted: .*/gm, '');
      const [there, here] = [await run(...args), await run(...args, '--store', storiesStore)];
      expect([there.code, plain(there.out)]).toEqual([0, plain(here.out)]);
    }
    const receipt = join(directory, 'receipt.json');
    expect(await json('checkpoint', '--key-file', keyFile)).toMatchObject({ root });
    expect((await run('receipt', 'refunded', '--checkpoints', checkpoints, '--out', receipt)).code).toBe(0);
    expect((await run('receipt', 'verify', receipt, '--key', key)).code).toBe(0);
  });

  test('is backed up by the tools of its server', async () => {
    expect(await run('backup', join(directory, 'copy.db'))).toMatchObject({ code: 2, err: expect.stringContaining('is no SQLite file') });
  });

  test('leaves it with the same tree', async () => {
    const back = join(directory, 'back.ndjson');
    expect((await run('export', '--out', back)).code).toBe(0);
    const file = `sqlite:${join(directory, 'back.db')}`;
    expect((await run('import', back, '--store', file, '--create')).out).toContain(`Tree: ${root}, as exported.`);
  });

  test('is never appended to by an audit, also not when it is opened', async () => {
    const before = server.calls.filter((call) => call === 'append').length;
    for (const args of [['verify'], ['replay'], ['stats'], ['export'], ['explain', 'held'], ['checkpoint', '--key-file', keyFile]]) {
      expect((await run(...args)).code).toBe(0);
    }
    expect(server.calls.filter((call) => call === 'append')).toHaveLength(before);
    expect(before).toBeGreaterThan(0);
  });

  test('is no place to import into again', async () => {
    expect(await run('import', exported)).toMatchObject({ code: 2, err: expect.stringContaining('not empty') });
  });

  test('on which somebody changed an event: the finding names its place there, and --as-of takes it', async () => {
    const started = server.log.events.find(({ type }) => type === 'SweepStarted');
    const changed = new TextEncoder().encode('{"round":2}');
    started?.data.set(changed);
    const { findings } = (await json('verify')) as { findings: { position: string }[] };
    expect(findings).toMatchObject([{ rule: 'sweep', stream: 'sweep-new', found: 'SweepStarted of round 2' }]);
    const [{ position }] = findings as [{ position: string }];
    expect(position).toBe(String(started?.position).padStart(20, '0').repeat(2));
    expect((await run('verify')).out).toContain(`(SweepStarted, position ${position}, id `);
    expect((await run('export', '--format', 'csv')).out).toMatch(/\n\d{40},2026-/);
    expect(await json('verify', '--as-of', position)).toMatchObject({ found: 1 });
    for (const past of ['20200101', position.replaceAll(/^0/g, '9').slice(0, 20).repeat(2)])
      expect(await run('verify', '--as-of', past)).toMatchObject({
        code: 2,
        err: expect.stringContaining(`Position ${past} is past the end`),
      });
    expect((await run('verify', '--checkpoints', checkpoints, '--key', key)).out).toContain('breaks checkpoint');
  });

  test('is compared with live read models as far as they have come', async () => {
    const readModels = join(directory, 'cluster.read-models');
    const ledger = createPaymentLedger({ eventStore: await openEventStore(server.url), readModels, background: false });
    await ledger.settle();
    expect(await json('replay', '--read-models', readModels)).toMatchObject({ compared: true, differing: 0, orders: 16 });
    const order = { orderId: 'late', memberId: 'm', plan: 'pro', amountMinor: 1, currency: 'usd', account: 'acct_1', livemode: true };
    await ledger.placeOrder(order);
    await ledger[Symbol.asyncDispose]();
    expect(await json('replay', '--read-models', readModels)).toMatchObject({ compared: true, differing: 0, orders: 16 });
    expect(await json('replay')).toMatchObject({ orders: 17 });
  });
});
