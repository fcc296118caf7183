import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative as relativePath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeStories } from '../audit/golden-log.test-support.ts';
import { openTerminal, progressText } from '../command-line/terminal.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import { runPaidonce } from './run-paidonce.test-support.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'ledger.db');
const broken = join(directory, 'broken.db');
const keyFile = join(directory, 'key');
const checkpoints = join(directory, 'checkpoints');
let key = '';

beforeAll(async () => {
  await writeStories(await openSqliteEventStore(storiesPath));
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(storiesPath), background: false });
  await ledger.settle();
  await ledger[Symbol.asyncDispose]();
  copyFileSync(storiesPath, broken);
  const db = new DatabaseSync(broken);
  db.exec("UPDATE events SET data = replace(data, '\"round\":1', '\"round\":2') WHERE type = 'SweepStarted'");
  db.close();
  key = (await run('key', 'shop.example/ledger', '--out', keyFile)).out.trim();
  await run('checkpoint', '--key-file', keyFile, '--out', checkpoints);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runPaidonce(args, { LEDGER_URL: `sqlite:${storiesPath}` });
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => JSON.parse((await run(...args, '--json')).out);

describe('verify', () => {
  test('exits 0 where there is nothing to find', async () => {
    const { code, out } = await run('verify', '--checkpoints', checkpoints, '--key', key);
    expect(code).toBe(0);
    expect(out).toContain('Nothing found.');
    expect(out).toMatch(/^Policy [0-9a-f]{12}, adopted at position \d+: fullRefund revoke, /m);
    expect(out).toMatch(/Checkpoints: 1, the largest over \d+ events\./);
  });

  test('reads a file in which a full disk had left a part of a checkpoint', async () => {
    const cut = join(directory, 'cut');
    const text = readFileSync(checkpoints, 'utf8');
    writeFileSync(cut, `${text}${text.slice(0, 30)}`);
    expect((await run('checkpoint', '--key-file', keyFile, '--out', cut)).code).toBe(0);
    const { code, out } = await run('verify', '--checkpoints', cut, '--key', key);
    expect(code).toBe(0);
    expect(out).toContain('Checkpoints: 2,');
  });

  test('a file of something else keeps what it holds', async () => {
    const notes = join(directory, 'notes');
    writeFileSync(notes, 'my notes\nof this log\n');
    expect((await run('checkpoint', '--key-file', keyFile, '--out', notes)).code).toBe(0);
    expect(readFileSync(notes, 'utf8')).toMatch(/^my notes\nof this log\nshop\.example\/ledger\n/);
  });

  test('exits 3 where there is, and names event, rule, what was expected and what stands there', async () => {
    const { code, out } = await run('verify', '--store', `sqlite:${broken}`);
    expect(code).toBe(3);
    expect(out).toMatch(
      /^sweep-new@0 \(SweepStarted, position \d+, id [0-9a-f-]+\) breaks sweep\n {2}rule: {5}Rounds .*\n {2}expected: round 1\n {2}found: {4}SweepStarted of round 2\n/,
    );
    expect(await json('verify', '--store', `sqlite:${broken}`)).toMatchObject({ found: 1, findings: [{ rule: 'sweep' }] });
  });

  test('judges the log as it was', async () => {
    expect(await json('verify', '--store', `sqlite:${broken}`, '--as-of', '51')).toMatchObject({ found: 0, events: 51 });
  });
});

describe('copy', () => {
  test('copies into another store, tells the root, and has nothing to do the second time', async () => {
    const to = `sqlite:${join(directory, 'copied.db')}`;
    const first = await run('copy', '--from', `sqlite:${storiesPath}`, '--to', to, '--create');
    expect([first.code, first.out]).toEqual([0, expect.stringMatching(/^\d+ events copied, 0 were there\. Both have \d+ events\. Tree: /)]);
    const again = JSON.parse((await run('copy', '--from', `sqlite:${storiesPath}`, '--to', to, '--json')).out);
    expect(again).toMatchObject({ outcome: 'copied', appended: 0, sourceWentOn: 0 });
    expect(await json('verify', '--store', to)).toMatchObject({ found: 0, events: again.size, root: again.root });
  });

  test('exits 3 where the copy was changed, and shows both roots', async () => {
    const { code, out } = await run('copy', '--from', `sqlite:${storiesPath}`, '--to', `sqlite:${broken}`);
    expect([code, out]).toEqual([3, expect.stringMatching(/^The two are not the same.*\n {2}source .* tree .*\n {2}target .* tree /)]);
  });

  test('exits 2 where it cannot run, and writes nothing', async () => {
    const to = join(directory, 'never.db');
    expect(await run('copy', '--to', `sqlite:${to}`)).toMatchObject({ code: 2, err: expect.stringContaining('--from is missing') });
    expect(await run('copy', '--from', `sqlite:${to}`, '--to', `sqlite:${to}`)).toMatchObject({ code: 2 });
    expect(await run('copy', '--from', `sqlite:${join(directory, 'absent.db')}`, '--to', `sqlite:${to}`)).toMatchObject({ code: 2 });
    expect(existsSync(to)).toBe(false);
  });
});

describe('replay', () => {
  test('compares with the read models beside the log', async () => {
    const { code, out } = await run('replay');
    expect([code, out]).toEqual([0, expect.stringContaining('The live read models are the same, row by row.')]);
    expect(out).not.toContain('Not compared');
  });

  test('says how much of the log the live ones have not seen, so that nobody takes it for proved', async () => {
    const live = join(directory, 'behind.read-models');
    copyFileSync(`${storiesPath}.read-models`, live);
    const db = new DatabaseSync(live);
    const tables = [
      'orders',
      'reviews',
      'accounts',
      'sweeps',
      'names',
      'queued',
      'hours',
      'latencies',
      'waits',
      'actions',
      'held',
      'unreadable',
    ];
    for (const table of [...tables, 'cursors']) db.exec(`DELETE FROM ${table}`);
    db.close();
    const { events } = await json('stats');
    const { code, out } = await run('replay', '--read-models', live);
    expect([code, out]).toEqual([0, expect.stringContaining(`Not compared: events that they have not applied yet, ${events}.`)]);
    expect(await json('replay', '--read-models', live)).toMatchObject({ compared: true, orders: 0, notCompared: events });
  });

  test('exits 3 where a row differs', async () => {
    const live = join(directory, 'changed.read-models');
    copyFileSync(`${storiesPath}.read-models`, live);
    const db = new DatabaseSync(live);
    db.exec("UPDATE orders SET status = 'active' WHERE order_id = 'unpaid'");
    db.close();
    const { code, out } = await run('replay', '--read-models', live);
    expect(code).toBe(3);
    expect(out).toContain('order unpaid: orders.status\n  replayed: none\n  live:     active\n');
  });

  test('counts what there was, as of a day', async () => {
    expect(await json('replay', '--as-of', '2026-01-05T09:01:00Z')).toMatchObject({ compared: false, differing: 0, orders: 4 });
  });
});

describe('explain', () => {
  test('tells an order in the language that is asked for', async () => {
    expect((await run('explain', 'confirmed')).out).toMatch(/^Order confirmed of member member-confirmed, plan pro\n/);
    expect((await run('explain', 'confirmed', '--lang', 'zh-TW')).out).toMatch(/^訂單 confirmed/);
    expect(await json('explain', 'confirmed')).toMatchObject({ orderId: 'confirmed', membership: 'active' });
  });

  test('tells a member, also as they were', async () => {
    expect((await run('explain', '--member', 'member-held')).out).toMatch(/^Member member-held has access, by order held\.\n\nOrder held/);
    expect((await run('explain', '--member', 'member-held', '--lang', 'zh-TW')).out).toMatch(
      /^會員 member-held 目前有會員資格，來自訂單 held。/,
    );
    expect((await run('explain', '--member', 'member-refunded', '--as-of', '2026-01-05T09:00:58Z')).out).toMatch(
      /^Member member-refunded had access, by order refunded\./,
    );
    expect((await run('explain', '--member', 'member-refunded')).out).toMatch(
      /^Member member-refunded has no access: nothing that is listed below gives it/,
    );
    expect(await run('explain', '--member', 'member-held', '--as-of', '2026-01-05T09:00:20Z')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no order and no subscription of member member-held as of 2026-01-05T09:00:20Z. Is it'),
    });
  });

  test('exits 2 for an order that the log does not know', async () => {
    expect(await run('explain', 'nobody')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('knows no order nobody') });
  });
});

describe('receipt', () => {
  test('passes over a checkpoint that was cut off, and is refused where there is no other', async () => {
    const [torn, file] = [join(directory, 'torn'), join(directory, 'torn-receipt.json')];
    const whole = readFileSync(checkpoints, 'utf8');
    const [origin = '', size = '', root = ''] = whole.split('\n');
    const unsigned = `${origin}\n${Number(size) + 1}\n${root}\n\n`;
    for (const text of [`${whole}${unsigned}`, `${whole}${unsigned}— ${origin} AAAA`, `${unsigned}${whole}${whole}`]) {
      writeFileSync(torn, text);
      expect(await run('receipt', 'refunded', '--checkpoints', torn, '--out', file)).toMatchObject({ code: 0 });
      expect((await run('receipt', 'verify', file, '--key', key)).code).toBe(0);
      rmSync(file);
    }
    writeFileSync(torn, `${origin}\n${size}\n${root}\n\n— ${origin} AAAA`); // True, and signed by nobody.
    const refused = { code: 2, err: expect.stringContaining('none has a whole signature') };
    expect(await run('receipt', 'refunded', '--checkpoints', torn, '--out', file)).toMatchObject(refused);
    expect(existsSync(file)).toBe(false);
  });

  test('of an order is written and verified, with nothing but the key', async () => {
    const file = join(directory, 'receipt.json');
    expect((await run('receipt', 'refunded', '--checkpoints', checkpoints, '--out', file)).code).toBe(0);
    const verified = await runPaidonce(['receipt', 'verify', file, '--key', key], { LEDGER_URL: 'sqlite:/nowhere' });
    expect(verified).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Order refunded: \d+ events stand in the first \d+ of shop.example\/ledger, signed by/),
    });
    expect(await json('receipt', 'verify', file, '--key', key)).toMatchObject({ valid: true, orderId: 'refunded', findings: [] });
  });

  test('that was changed exits 3', async () => {
    const file = join(directory, 'changed.json');
    const { out } = await run('receipt', 'refunded', '--key-file', keyFile);
    writeFileSync(file, out.replace('member-refunded', 'member-mallory'));
    expect(await run('receipt', 'verify', file, '--key', key)).toMatchObject({
      code: 3,
      out: expect.stringContaining('is not in the log that was signed'),
    });
  });
});

describe('export and import', () => {
  test('of text with the other characters that look like line breaks, and with those of Windows', async () => {
    const [from, to, file] = ['breaks.db', 'breaks-again.db', 'breaks.ndjson'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const store = await openSqliteEventStore(from);
    const data = { reason: 'one\u2028two\u2029three\u0085four' };
    await store.append('order-1', -1, [{ id: crypto.randomUUID(), type: 'Noted', data, metadata: { version: '1' } }]);
    await store.close();
    expect((await run('export', '--store', `sqlite:${from}`, '--out', file)).code).toBe(0);
    expect(await run('import', file, '--store', `sqlite:${to}`, '--create')).toMatchObject({ code: 0 });
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
    expect(await run('import', file, '--store', `sqlite:${to}.2`, '--create')).toMatchObject({ code: 0 });
    const again = await openSqliteEventStore(to);
    expect(await again.readStream('order-1')).toMatchObject([{ data }]);
    await again.close();
  });

  test('leave and enter with the same tree', async () => {
    const file = join(directory, 'log.ndjson');
    expect((await run('export', '--out', file)).code).toBe(0);
    const { root } = await json('verify');
    const copy = `sqlite:${join(directory, 'imported.db')}`;
    expect((await run('import', file, '--store', copy, '--create')).out).toContain(`Tree: ${root}, as exported.`);
    expect(await json('verify', '--store', copy)).toMatchObject({ found: 0, root });
    expect(await run('import', file, '--store', copy)).toMatchObject({ code: 2, err: expect.stringContaining('not empty') });
  });

  test('write a journal of one mode, and ask which', async () => {
    expect(await run('export', '--format', 'hledger')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--mode live, or --mode test'),
    });
    expect((await run('export', '--format', 'hledger', '--mode', 'live', '--account', 'clearing=assets:psp')).out).toContain(
      '    assets:psp  49.00 USD',
    );
    expect((await run('export', '--format', 'csv')).out).toMatch(/^position,/);
  });

  test('to a file that exists leave it as it is', async () => {
    const file = join(directory, 'there.csv');
    writeFileSync(file, 'mine');
    expect(await run('export', '--format', 'csv', '--out', file)).toMatchObject({
      code: 2,
      err: `${file} exists. It was left as it is; name a new file.\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('to a disk that is full at the last write leave no incomplete file', async () => {
    const [whole, file] = [join(directory, 'whole.ndjson'), join(directory, 'cut-off.ndjson')];
    expect((await run('export', '--out', whole)).code).toBe(0);
    // The shell limits the size of a file in blocks of 512 bytes: all but the end fits.
    const blocks = Math.floor((statSync(whole).size - 1) / 512);
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const command = `"${process.execPath}" --conditions=@paidonce/source "${main}" export --store "sqlite:${storiesPath}" --out "${file}"`;
    const { status, stderr } = spawnSync('sh', ['-c', `ulimit -f ${blocks}; ${command}`], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${file} cannot be written: EFBIG`)]);
    expect(existsSync(file)).toBe(false);
  });
});

describe('backup', () => {
  test('of a log in use is verified, and a ledger goes on from it', async () => {
    const [source, copy] = [join(directory, 'in-use.db'), join(directory, 'backup.db')];
    copyFileSync(storiesPath, source);
    const inUse = await openSqliteEventStore(source);
    const backup = await json('backup', copy, '--store', `sqlite:${source}`);
    await inUse.close();
    expect(backup).toMatchObject({ root: (await json('verify'))['root'] });
    expect(await json('verify', '--store', `sqlite:${copy}`)).toMatchObject({ found: 0 });
    await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(copy), background: false });
    expect(await ledger.order('confirmed')).toMatchObject({ membership: 'active', grantedBy: 'webhook' });
    const order = { orderId: 'after', memberId: 'm', plan: 'pro', amountMinor: 1, currency: 'usd', account: 'acct_1', livemode: true };
    expect(await ledger.placeOrder(order)).toEqual({ outcome: 'placed' });
    await ledger[Symbol.asyncDispose]();
    expect(await run('verify', '--store', `sqlite:${copy}`, '--checkpoints', checkpoints, '--key', key)).toMatchObject({ code: 0 });
  });

  test('over a file that exists is refused', async () => {
    expect(await run('backup', broken)).toMatchObject({ code: 2, err: expect.stringContaining('exists') });
  });
});

test('stats tell who granted', async () => {
  const stats = await json('stats');
  expect(stats).toMatchObject({
    orders: 16,
    memberships: { active: 10 },
    grantsBySource: { webhook: 10, poll: 1, status_query: 0, manual: 1 },
  });
  expect((await run('stats')).out).toContain('Granted first by: webhook 10, poll 1');
  expect(await json('stats', '--as-of', '16')).toMatchObject({ events: 16, orders: 2, memberships: { active: 1 }, openReviews: 0 });
});

test('a key is written once, for its owner only, and the public one goes out', async () => {
  expect(key).toMatch(/^shop\.example\/ledger\+[0-9a-f]{8}\+/);
  expect(readFileSync(keyFile, 'utf8')).toMatch(/^PRIVATE\+KEY\+/);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(await run('key', 'x', '--out', keyFile)).toMatchObject({
    code: 2,
    err: `${keyFile} exists. It was left as it is; name a new file.\n`,
  });
});

describe('audits only read', () => {
  test('the log and its read models stay as they are, to the byte, and nothing is left beside them', async () => {
    const folder = newDirectory();
    const log = join(folder, 'ledger.db');
    copyFileSync(storiesPath, log);
    copyFileSync(`${storiesPath}.read-models`, `${log}.read-models`);
    const digest = () => [log, `${log}.read-models`].map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
    const before = digest();
    const store = ['--store', `sqlite:${log}`];
    for (const args of [
      ['verify'],
      ['replay'],
      ['explain', 'held'],
      ['stats'],
      ['export'],
      ['checkpoint', '--key-file', keyFile],
      ['receipt', 'held', '--key-file', keyFile],
    ]) {
      expect((await run(...args, ...store)).code).toBe(0);
    }
    expect(digest()).toEqual(before);
    expect(
      readdirSync(folder)
        .filter((name) => !/-(?:wal|shm)$/.test(name))
        .sort(),
    ).toEqual(['ledger.db', 'ledger.db.read-models']);
    rmSync(folder, { recursive: true });
  });

  test('also in a folder that nobody can write', async () => {
    const folder = newDirectory();
    const log = join(folder, 'ledger.db');
    copyFileSync(storiesPath, log);
    chmodSync(log, 0o444);
    chmodSync(folder, 0o555);
    expect((await run('verify', '--store', `sqlite:${log}`)).code).toBe(0);
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true });
  });
});

describe('each audit', () => {
  const audits: readonly (readonly string[])[] = [
    ['verify'],
    ['replay'],
    ['explain', 'held'],
    ['explain', '--member', 'member-held'],
    ['stats'],
    ['export', '--format', 'csv'],
    ['export', '--format', 'beancount', '--mode', 'live'],
    ['checkpoint', '--key-file', keyFile],
    ['receipt', 'held', '--key-file', keyFile],
  ];

  test.each(audits)('%s %s tells what it read in how long, and all of it as JSON', async (...args) => {
    const { code, out, err } = await run(...args);
    const isOneOrder = args[1] === 'held' && args[0] === 'explain'; // This command reads only one order.
    expect([code, out + err]).toEqual([0, isOneOrder ? expect.anything() : expect.stringMatching(/\d+ events in \d+\.\d s \([\d,]+\/s\)/)]);
    const asJson = await run(...args, '--json');
    const document = args[0] === 'export' ? asJson.err : asJson.out;
    expect(Object.keys(JSON.parse(document)).length).toBeGreaterThan(0);
  });

  test.each(audits)('%s %s looks at the log as it was', async (...args) => {
    // The order `held` was placed at position 15; its payment was added to it later.
    const then = await run(...args, '--as-of', '16', '--json');
    expect(then.code).toBe(0);
    expect(then.out).not.toBe((await run(...args, '--json')).out);
  });

  test('of a log that goes on in a newer release says so, and leaves nothing out in silence', async () => {
    const newer = join(directory, 'newer.db');
    copyFileSync(storiesPath, newer);
    const db = new DatabaseSync(newer);
    db.exec(`UPDATE events SET metadata = replace(metadata, '"version":"1"', '"version":"2"') WHERE type = 'MembershipGranted'
      AND stream = (SELECT id FROM streams WHERE name = 'order-held')`);
    db.close();
    const runOn = async (...args: readonly string[]) => {
      const { code, out, err } = await run(...args, '--store', `sqlite:${newer}`);
      return [code, out + err];
    };
    const upgrade = expect.stringContaining('was written by a newer release. Upgrade @paidonce/ledger');
    expect(await runOn('verify')).toEqual([3, upgrade]);
    expect(await runOn('replay')).toEqual([3, upgrade]);
    expect(await runOn('explain', 'held')).toEqual([2, upgrade]);
    expect(await runOn('explain', '--member', 'member-held')).toEqual([2, upgrade]);
    expect(await runOn('stats')).toEqual([3, expect.stringContaining('Orders that cannot be read: 1.')]);
    expect(await runOn('export', '--format', 'csv')).toEqual([2, upgrade]);
    expect(await runOn('export', '--format', 'hledger', '--mode', 'live')).toEqual([2, upgrade]);
    expect(await runOn('receipt', 'held', '--key-file', keyFile)).toEqual([2, upgrade]);
    expect(await runOn('export')).toEqual([0, expect.stringContaining('"version":"2"')]); // The export keeps also what it cannot read.
  });

  test('of a log with a row that is no JSON says which, in a line', async () => {
    const torn = join(directory, 'torn.db');
    copyFileSync(storiesPath, torn);
    const db = new DatabaseSync(torn);
    db.exec("UPDATE events SET data = '[' WHERE type = 'OrderPlaced' AND stream = (SELECT id FROM streams WHERE name = 'order-held')");
    db.exec(
      "UPDATE events SET data = 'null' WHERE type = 'PaymentObserved' AND stream = (SELECT id FROM streams WHERE name = 'order-short')",
    );
    db.close();
    const file = join(directory, 'torn.csv');
    for (const [code, ...args] of [
      [3, 'verify'],
      [3, 'replay'],
      [2, 'explain', 'held'],
      [3, 'stats'],
      [2, 'export', '--format', 'csv', '--out', file],
      [2, 'export', '--format', 'hledger'],
      [2, 'receipt', 'held', '--key-file', keyFile],
    ] as const) {
      const ran = await run(...args, '--store', `sqlite:${torn}`);
      expect([args[0], ran.code]).toEqual([args[0], code]);
      if (code === 2) expect(ran.err).toMatch(/^order-\w+@\d .*Run: paidonce verify\n$/);
    }
    expect(existsSync(file)).toBe(false); // The incomplete file was deleted.
  });
});

describe('a journal with the fees of a report', () => {
  test('has them, and refuses a report that is none', async () => {
    const report = join(directory, 'report.csv');
    writeFileSync(report, 'payment_intent_id,created_utc,currency,fee\npi_confirmed,2026-01-05 09:00:11,usd,1.72\n');
    const journal = ['export', '--format', 'hledger', '--mode', 'live', '--fees'];
    expect((await run(...journal, report)).out).toContain('    expenses:fees  1.72 USD');
    writeFileSync(report, 'a,b\n');
    expect(await run(...journal, report)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no column payment or payment_intent_id'),
    });
  });
});

describe('a journal with the fees of a report does not drop a fee in silence', () => {
  const report = join(directory, 'strangers.csv');
  const journal = ['export', '--format', 'hledger', '--mode', 'live', '--fees', report];
  const told = 'Fees that are not in the journal, since no order has their payment in this mode: 3 (10.99 USD, 15.00 EUR).\n';
  beforeAll(() => {
    const rows = ['pi_confirmed,2026-01-05,usd,1.72', 'pi_1,2026-01-06,usd,9.99', 'pi_2,2026-02-01,eur,15', 'pi_test,2026-02-01,usd,1'];
    writeFileSync(report, ['payment,date,currency,fee', ...rows, 'pi_confirmed,2026-02-02,usd,0.28'].join('\n'));
  });

  test('but says how many found no payment, and how much', async () => {
    const { code, out, err } = await run(...journal);
    expect([code, err]).toEqual([0, expect.stringContaining(told)]);
    expect(out.match(/expenses:fees .*/g)).toEqual(['expenses:fees  1.72 USD', 'expenses:fees  0.28 USD']);
    expect((await run('export', '--format', 'hledger', '--mode', 'live')).err).not.toContain('Fees');
  });

  test('also as JSON, which stands alone on standard error', async () => {
    const unplacedFees = { count: 3, sumsMinor: { usd: 1_099, eur: 1_500 } };
    expect(JSON.parse((await run(...journal, '--json')).err)).toMatchObject({ unplacedFees });
    const toFile = await run(...journal, '--json', '--out', join(directory, 'with-fees.journal'));
    expect([JSON.parse(toFile.out), toFile.err]).toEqual([expect.objectContaining({ unplacedFees }), told]);
  });

  test('and has none of a later day than the time that it is of', async () => {
    for (const time of ['2026-01-31', '2026-01-31T12:00:00Z', '2026-02-01T01:00:00+02:00']) {
      const { out, err } = await run(...journal, '--as-of', time);
      expect(out.match(/expenses:fees .*/g)).toEqual(['expenses:fees  1.72 USD']);
      expect(err).toContain(': 1 (9.99 USD).\n');
    }
    // A position has no day: the fees of all days stay.
    expect((await run(...journal, '--as-of', '60')).out).toContain('expenses:fees  0.28 USD');
  });
});

describe('what cannot be done is reported in a line, with exit code 2', () => {
  test.each([
    [['verify', '--store', 'ledger.db'], /"ledger\.db" names no store\. Is it sqlite:ledger\.db\?/],
    [['verify', '--store', 'memory:'], /ends with its process/],
    [
      ['verify', '--store', 'sqlite:nowhere.db'],
      /^There is no ledger at \/.*nowhere\.db\. Name the right one: --store, LEDGER_URL or DATA_DIR\n$/,
    ],
    [['verify', '--store', `sqlite:${fileURLToPath(import.meta.url)}`], /no SQLite file/],
    [['verify', '--checkpoints', 'nowhere'], /nowhere cannot be read/],
    [['verify', '--stroe', 'x'], /Unknown option '--stroe'.*paidonce verify --help/],
    [['verify', 'x'], /takes no arguments, and was given 1/],
    [['verify', '--as-of', 'yesterday'], /pass a position, a day/],
    [
      ['explain', 'refunded', '--as-of', '20200101'],
      /^Position 20200101 is past the end of the log \(\d+\)\. A day is written 2020-01-01$/m,
    ],
    [['explain'], /Name an order or a subscription, or a member/],
    [['explain', 'a', '--member', 'b'], /Name an order or a subscription, or a member/],
    [['explain', 'a', '--lang', 'fr'], /speaks en and zh-TW/],
    [['export', '--format', 'pdf'], /writes ndjson, csv, hledger, beancount/],
    [['export', '--format', 'hledger', '--mode', 'both'], /It is live or test/],
    [['export', '--format', 'hledger', '--account', 'x=y'], /sets no account/],
    [['import', 'nowhere.ndjson', '--store', `sqlite:${join(directory, 'new.db')}`], /nowhere\.ndjson does not exist/],
    [['import', directory, '--store', `sqlite:${join(directory, 'new.db')}`], /is a folder\. Which file/],
    [['checkpoint'], /--key-file is missing/],
    [['receipt', 'held'], /needs a signature/],
    [['receipt', 'held', 'file'], /Name one order/],
    [['receipt', 'verify', 'nowhere', '--key', 'x+y'], /the public key, a text of 3 characters, is no Ed25519 key/],
    [['receipt', 'verify', 'nowhere', '--key', 'nokey'], /--key nokey is neither/],
    [['receipt', 'verify', 'x'], /--key is missing/],
    [['key', 'x'], /--out is missing/],
    [['verify', '--key', 'no-key'], /--key no-key is neither a public key, like NAME\+1a2b3c4d\+…, nor a file that holds one/],
    [['checkpoint', '--origin', 'shop.example/ledger'], /--key-file is missing/],
    [['receipt', 'held', '--origin', 'shop.example/ledger'], /needs a signature/],
  ])('%j', async (args, why) => {
    expect(await run(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(why) });
    expect(existsSync(join(directory, 'new.db')), 'a refused import leaves no store behind').toBe(false);
  });

  test.each([
    [
      ['deliver-all', '--error', 'TypeError', '--error=timeout'],
      '--error was given several times. Give it once, or run the command for each value.',
    ],
    [['compare', '--shop', 'a', '--shop', 'b'], '--shop was given several times'],
    [['explain', 'held', '--all', '--all'], '--all was given several times. Give it once. See: paidonce explain --help'],
    [['export', '--format', 'csv', '--mode', 'live'], '--mode is for a journal, and csv is the whole log, live and test'],
    [['export', '--format', 'csv', '--mode', 'nonsense'], '--mode is for a journal'],
    [['export', '--account', 'clearing=assets:psp'], '--account is for a journal, and ndjson is the whole log'],
    [['export', '--fees', 'report.csv'], '--fees is for a journal'],
    [['runs', 'some-run', '--actor', 'support-7', '--reason', 'too slow'], '--actor is for --cancel alone. Say --cancel too'],
    [['runs', '--reason', 'too slow'], '--reason is for --cancel alone'],
    [['compare', '--shop', 'a', '--actor', 'support-7'], '--actor is for --repair alone. Say --repair too'],
    [['receipt', 'held', '--checkpoints', checkpoints, '--key-file', keyFile], '--key-file signs the log as it is, and --checkpoints uses'],
    [['receipt', 'held', '--checkpoints', checkpoints, '--origin', 'x'], '--origin signs the log as it is'],
    [['receipt', 'held', '--key-file', keyFile, '--key', 'x'], '--key is for: paidonce receipt verify FILE'],
    [
      ['receipt', 'verify', 'x', '--store', 'sqlite:x'],
      '--store is not for: paidonce receipt verify FILE, which reads that file and no log',
    ],
    [['receipt', 'verify', 'x', '--checkpoints', checkpoints], '--checkpoints is not for: paidonce receipt verify FILE'],
    [['replay', '--as-of', '2026-01-05', '--read-models', 'x'], '--read-models is compared with the log as it is now'],
  ])('what would be ignored is refused: %j', async (args, why) => {
    const { code, out, err, stores } = await run(...args);
    expect([code, out, err, stores]).toEqual([2, '', expect.stringContaining(why), []]);
  });

  test('a key without checkpoints, for which alone it counts', async () => {
    const { code, err } = await run('verify', '--key', key);
    expect([code, err]).toEqual([2, '--key counts for checkpoints. Say where they are: --checkpoints FILE\n']);
  });

  test('what may be given several times is taken as often', async () => {
    const twice = ['--checkpoints', checkpoints, '--checkpoints', checkpoints, '--key', key, '--key', key];
    expect(await json('verify', ...twice)).toMatchObject({ found: 0 });
  });

  test('a private key given for a public one, or for the name of a file, with anything before it: it is never shown', async () => {
    const secret = readFileSync(keyFile, 'utf8').trim();
    const tail = secret.slice(-20);
    const odd = join(directory, 'odd-key');
    for (const before of ['', ' ', '\ufeff', 'CHECKPOINT_KEY=', 'export CHECKPOINT_KEY="', '# ']) {
      writeFileSync(odd, `${before}${secret}\n`);
      for (const args of [
        ['verify', '--checkpoints', checkpoints, '--key', odd],
        ['verify', '--checkpoints', checkpoints, '--key', `${before}${secret}`],
        ['receipt', 'verify', 'receipt.json', '--key', odd],
        ['verify', '--checkpoints', `${before}${secret}`],
        ['checkpoint', '--key-file', `${before}${secret}`],
        ['key', `${before}${secret}`, '--out', join(directory, 'never')],
        ['explain', '--store', `${before}esdb://ledger:${tail}@h1`, `--${secret}`],
      ]) {
        const { code, out, err } = await run(...args);
        expect([before, code, out, err.length > 0]).toEqual([before, 2, '', true]);
        expect(err).not.toContain(tail);
      }
      const signed = await run('checkpoint', '--key-file', odd);
      expect([before, signed.code]).toEqual([before, before.trim() === '' ? 0 : 2]);
      expect(signed.err).not.toContain(tail);
    }
  });

  test('the password of a store: it is never shown', async () => {
    for (const url of [
      ' esdb://u:hunter2@h1',
      '\ufeffesdb://u:hunter2@h1',
      'ESDB://u:hunter2@h1',
      'LEDGER_URL=esdb://u:hunter2@h1',
      'xdb://u:a@hunter2@h1',
    ]) {
      const { code, err } = await run('stats', '--store', url);
      expect([url, code]).toEqual([url, 2]);
      expect(err).toContain('names no store');
      expect(err).not.toContain('hunter2');
    }
  });

  test('with --json the code stands on standard output, and the words on standard error', async () => {
    const { code, out, err } = await run('export', '--format', 'pdf', '--json');
    expect([code, JSON.parse(out)]).toEqual([2, { error: 'invalid_input', message: err.trim() }]);
    expect(err).toMatch(/^--format pdf is not known/);
  });
});

describe('what a log or a receipt says never moves on a terminal', () => {
  const lie = 'ticket 1\n\nOrder unpaid is paid\u001b[2K\u009b1A\u2028\u202e';
  const unsafe = /[^\n\P{Cc}]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

  test('of a log of an earlier release, whose reasons may hold anything', async () => {
    const path = join(directory, 'unsafe.db');
    copyFileSync(storiesPath, path);
    const db = new DatabaseSync(path);
    const row = db.prepare("SELECT position, data FROM events WHERE type = 'ReviewResolved' LIMIT 1").get();
    const data = JSON.parse(String(row?.['data']));
    db.prepare('UPDATE events SET data = ? WHERE position = ?').run(
      JSON.stringify({ ...data, by: { ...data.by, reason: lie } }),
      Number(row?.['position']),
    );
    db.close();
    const store = ['--store', `sqlite:${path}`];
    const told = await run('explain', 'short', ...store);
    expect(told.out).toContain('ticket 1\\u000a\\u000aOrder unpaid is paid\\u001b[2K');
    for (const { out, err } of [told, await run('explain', 'short', '--lang', 'zh-TW', ...store), await run('verify', ...store)])
      expect(out + err).not.toMatch(unsafe);
    const { out } = await run('explain', 'short', '--json', ...store);
    expect(out).not.toMatch(unsafe);
    expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(lie));
  });

  test('of a receipt that was forged to print a success', async () => {
    const receipt = JSON.parse((await run('receipt', 'held', '--key-file', keyFile)).out);
    const success = '\nOrder held: 9 events stand in the first 9 of shop.example/ledger, signed by shop.example/ledger.';
    const file = join(directory, 'forged.json');
    for (const forged of [
      { ...receipt, orderId: success },
      { ...receipt, events: [{ ...receipt.events[0], stream: success, type: lie }, ...receipt.events.slice(1)] },
    ]) {
      writeFileSync(file, JSON.stringify(forged));
      const { code, out } = await run('receipt', 'verify', file, '--key', key);
      expect(code).toBe(3);
      expect(out).not.toMatch(/^Order /m);
      expect(out).not.toMatch(unsafe);
    }
    for (const text of ['', '[]', 'null', '1', '"x"', '{'.repeat(1_000_000), `[${'[],'.repeat(100_000)}[]]`]) {
      writeFileSync(file, text);
      const { code, err } = await run('receipt', 'verify', file, '--key', key);
      expect([text.slice(0, 9), code]).toEqual([text.slice(0, 9), text === '' || text.startsWith('{{') ? 2 : 3]);
      expect(err).not.toMatch(unsafe);
    }
  });

  test('in colours on a terminal that has them, and nowhere else', () => {
    let shown = '';
    const stream = {
      write: (text: string) => {
        shown += text;
        return true;
      },
      drained: async () => undefined,
    };
    const print = (tty: object): string => {
      shown = '';
      openTerminal({ ...stream, ...tty }, stream).out({ colour: 'red', text: 'PROBLEM\u001b[0m' }, ' of it');
      return shown;
    };
    expect(print({})).toBe('PROBLEM\\u001b[0m of it\n');
    expect(print({ hasColors: () => true })).toBe('PROBLEM\\u001b[0m of it\n');
    expect(print({ isTTY: true, hasColors: () => false })).toBe('PROBLEM\\u001b[0m of it\n');
    expect(print({ isTTY: true, hasColors: () => true })).toBe('\u001b[31mPROBLEM\\u001b[0m\u001b[39m of it\n');
  });

  test('also a result that is written as it is, where it is a terminal', async () => {
    let shown = '';
    const write = (text: string): boolean => {
      shown += text;
      return true;
    };
    const stream = { write, drained: async () => undefined };
    await openTerminal({ ...stream, isTTY: true }, stream).write('a\u001b[2K\nb\n');
    await openTerminal(stream, stream).write('a\u001b[2K\n');
    expect(shown).toBe('a\\u001b[2K\nb\na\u001b[2K\n');
  });
});

describe('a file that is written', () => {
  test.each([
    ['receipt', 'held', '--key-file', keyFile, '--out'],
    ['export', '--out'],
    ['key', 'x', '--out'],
    ['checkpoint', '--key-file', keyFile, '--out'],
    ['backup'],
  ])('by %s is not for everybody, and is never written through a link', async (...args) => {
    const [target, file] = [join(directory, `target-${args[0]}`), join(directory, `link-${args[0]}`)];
    symlinkSync(target, file);
    expect(await run(...args, file)).toMatchObject({ code: 2, err: expect.stringMatching(/link|exists/) });
    expect(existsSync(target)).toBe(false);
    expect((await run(...args, target)).code).toBe(0);
    expect(statSync(target).mode & 0o777 & ~0o640).toBe(0);
  });

  test('by receipt never replaces another', async () => {
    const file = join(directory, 'there.json');
    writeFileSync(file, 'mine');
    expect(await run('receipt', 'held', '--key-file', keyFile, '--out', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('exists. It was left as it is'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

test('--version shows what it runs on', async () => {
  expect(await run('--version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^@paidonce\/ledger \d+\.\d+\.\d+\nNode \d+\.\d+\.\d+, SQLite 3\./),
  });
});

describe('any id that the log holds', () => {
  test.each(['explain', 'order'])('%s finds the order, and says whose id it was', async (command) => {
    const own = await run(command, 'confirmed');
    for (const id of ['pi_confirmed', 'cs_confirmed', 'member-confirmed', 'https://dashboard.stripe.com/payments/pi_confirmed']) {
      const { code, out, err } = await run(command, id);
      expect([id, code, out]).toEqual([id, 0, own.out]);
      expect(err).toBe(`${id.split('/').at(-1)} belongs to order confirmed.\n`);
    }
  });

  test('order shows an order as it stands', async () => {
    expect((await run('order', 'confirmed')).out).toMatch(
      /^Order confirmed of member member-confirmed, plan pro, placed .*\nExpected: .*\nPayment: paid\. Membership: active, granted by webhook\n/,
    );
    expect(await json('order', 'pi_confirmed')).toMatchObject({ orderId: 'confirmed', membership: 'active' });
  });

  test('none, and none like it, is a sentence with exit code 2, and the code stands in --json', async () => {
    expect(await run('order', 'pi_nobody')).toMatchObject({
      code: 2,
      err: expect.stringContaining('knows no order pi_nobody, and no other id like it. Is it the right log?'),
    });
    expect(JSON.parse((await run('explain', 'pi_nobody', '--json')).out)).toMatchObject({ error: 'order_unknown' });
  });
});

describe('what waits', () => {
  test('reviews lists each open one, and exits 3', async () => {
    const { code, out } = await run('reviews');
    expect(code).toBe(3);
    const { openReviews } = await json('stats');
    const lines = out.trim().split('\n');
    expect(lines.at(-1)).toBe(`Open reviews: ${openReviews}.`);
    expect(lines.length - 1).toBe(openReviews);
    expect(lines[0]).toMatch(/^\d{4}-\S+Z {2}order \w+, review r\d+: \w/);
    expect((await run('reviews', '--as-of', '3')).out).toBe('No review is open.\n');
  });

  test('undelivered lists each decision that the shop does not have, and exits 3', async () => {
    const { code, out } = await run('undelivered');
    expect([code, out]).toEqual([3, expect.stringMatching(/^order \w+ of member \S+: decision \d+, \w+; \d+ attempts? failed/)]);
    expect((await run('undelivered', '--as-of', '3')).out).toBe('The shop has every decision.\n');
    expect(await json('undelivered')).toMatchObject({ undelivered: expect.any(Array), unreadable: [] });
  });
});

describe('no command makes a ledger', () => {
  const commands: readonly (readonly string[])[] = [
    ['verify'],
    ['replay'],
    ['stats'],
    ['explain', 'held'],
    ['receipt', 'held', '--key-file', keyFile],
    ['checkpoint', '--key-file', keyFile],
    ['export'],
    ['backup', 'never.db'],
    ['import', join(directory, 'some.ndjson')],
  ];

  test.each(commands)('in an empty folder: %s', async (...args) => {
    const folder = newDirectory();
    writeFileSync(join(directory, 'some.ndjson'), '');
    for (const [path, env] of [
      [join(folder, 'ledger.db'), { DATA_DIR: folder }],
      [join(folder, 'none', 'ledger.db'), { DATA_DIR: join(folder, 'none') }],
      [join(folder, 'log'), { LEDGER_URL: `sqlite:${join(folder, 'log')}` }],
    ] as const) {
      const { code, out, err, stores } = await runPaidonce(args, env);
      expect([code, out, stores]).toEqual([2, '', []]);
      expect(err).toBe(
        `There is no ledger at ${path}. Name the right one: --store, LEDGER_URL or DATA_DIR${args[0] === 'import' ? ', or make a new one: --create' : ''}\n`,
      );
    }
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, 'ledger.db'), '');
    expect(await runPaidonce(args, { DATA_DIR: folder })).toMatchObject({ code: 2, err: expect.stringContaining('There is no ledger at') });
    expect(statSync(join(folder, 'ledger.db')).size).toBe(0);
    rmSync(folder, { recursive: true });
  });

  test('as the target of a copy, unless told --create', async () => {
    const to = join(directory, 'told-to-create.db');
    const copy = ['copy', '--from', `sqlite:${storiesPath}`, '--to', `sqlite:${to}`];
    expect(await run(...copy)).toMatchObject({ code: 2, err: expect.stringContaining('or make a new one: --create') });
    expect(existsSync(to)).toBe(false);
    expect(await run(...copy, '--create')).toMatchObject({ code: 0 });
    expect(existsSync(`${to}.read-models`)).toBe(false);
  });
});

test('a command says first which log it opens, and how many orders that holds', async () => {
  for (const args of [['stats'], ['explain', 'held'], ['verify', '--json']])
    expect((await run(...args)).stores).toEqual([`sqlite:${storiesPath}, 16 orders`]);
  const relative = await runPaidonce(['stats', '--store', `sqlite:${relativePath(process.cwd(), storiesPath)}`], {});
  expect(relative.stores).toEqual([`sqlite:${storiesPath}, 16 orders`]);
});

describe('help', () => {
  test.each(['explain', 'verify', 'replay', 'receipt', 'checkpoint', 'key', 'export', 'import', 'backup', 'restore', 'compare', 'stats'])(
    'of %s tells its options',
    async (name) => {
      const { code, out } = await run(name, '--help');
      expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`^paidonce ${name}`))]);
      expect((await run('--help')).out).toContain(`  ${name}`);
    },
  );

  test('without a command, or with one that there is not, exits 2', async () => {
    expect(await run()).toMatchObject({
      code: 2,
      out: expect.stringContaining('Exit codes: 0 fine, 3 it found something, 2 it could not run.'),
    });
    expect(await run('dance')).toMatchObject({ code: 2, err: expect.stringContaining('There is no command dance.') });
  });
});

describe('progress', () => {
  test('is shown where a person watches, with the rate, and is gone from the result', () => {
    let nowMs = 0;
    let shown = '';
    const shows = (text: string): boolean => {
      shown += text;
      return true;
    };
    const stream = { isTTY: true, write: shows, drained: async () => undefined };
    const terminal = openTerminal({ ...stream, isTTY: false, write: () => true }, stream, () => nowMs);
    terminal.progress('verify', 0, 200_000);
    nowMs = 1_000;
    terminal.progress('verify', 50_000, 200_000);
    nowMs = 1_050;
    terminal.progress('verify', 60_000, 200_000); // Not shown: less than 100 ms after the last one.
    terminal.out('done');
    expect(shown).toContain('verify: 50,000 events, 25 %, 50,000/s');
    expect(shown).not.toContain('60,000');
    expect(shown.endsWith('\r\u001b[K')).toBe(true);
    expect(progressText('import', 1_000_000, undefined, 4)).toBe('import: 1,000,000 events, 250,000/s');
  });
});

test('the executable ends with the exit code, and quietly where its reader goes away', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const start = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['--conditions=@paidonce/source', main, ...args], {
      encoding: 'utf8',
      env: { ...process.env, LEDGER_URL: `sqlite:${broken}` },
    });
  expect(start('verify')).toMatchObject({ status: 3, stderr: `sqlite:${broken}, 16 orders\n` });
  expect(start('explain', 'nobody')).toMatchObject({ status: 2 });
  const piped = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" --conditions=@paidonce/source "${main}" export --store "sqlite:${storiesPath}" | head -1`],
    { encoding: 'utf8' },
  );
  expect(piped).toMatchObject({ status: 0, stderr: expect.not.stringContaining('rror') });
  const status = spawnSync(
    'bash',
    ['-c', `"${process.execPath}" --conditions=@paidonce/source "${main}" verify --store "sqlite:${broken}" | true; echo "$PIPESTATUS"`],
    { encoding: 'utf8' },
  );
  expect(status).toMatchObject({ stdout: '3\n', stderr: `sqlite:${broken}, 16 orders\n` });
  expect(existsSync(storiesPath)).toBe(true);
});
