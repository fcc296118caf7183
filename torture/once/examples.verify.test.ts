// The examples of Prisma, Drizzle and Kysely on a real PostgreSQL, through one contract: a decision that comes twice, late, reversed,
// at once, or to a process that is killed takes effect once, and the newest one stays. It uses the ORMs of this folder.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { MembershipChange } from '@paidonce/ledger';
import type { Delivered } from '@paidonce/ledger/once';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install } from './install.ts';

interface Shop extends AsyncDisposable {
  readonly saveMembership: (change: MembershipChange, signal: AbortSignal) => Promise<Delivered>;
}

const names = ['prisma', 'drizzle', 'kysely'] as const;
const copies = join(import.meta.dirname, '.examples');
const missing = install();
if (missing !== undefined) console.warn(`\n  SKIPPED: the examples of Prisma, Drizzle and Kysely: ${missing}.\n`);
const { startPostgres } = missing === undefined ? await import('./servers.ts') : { startPostgres: async () => undefined };
const postgres = await startPostgres();
if (missing === undefined && !postgres) console.warn('\n  SKIPPED: the examples of the ORMs. They need PostgreSQL: run npm ci\n');

// Copied to where their imports lead to the packages of this folder, as in a shop that has installed them.
if (postgres) {
  rmSync(copies, { recursive: true, force: true });
  for (const name of names) cpSync(resolve(import.meta.dirname, '../../examples', name), join(copies, name), { recursive: true });
  cpSync(join(import.meta.dirname, 'save-process.ts'), join(copies, 'save-process.ts'));
  const prisma = join(import.meta.dirname, 'node_modules/.bin/prisma');
  // Prisma's command asks the network for an engine, which its client does not need: any program will do.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  const schema = join(copies, 'prisma/schema.prisma');
  const { status, stdout, stderr } = spawnSync(prisma, ['generate', '--schema', schema], {
    cwd: import.meta.dirname,
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
}
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  rmSync(copies, { recursive: true, force: true });
});

test.skipIf(!postgres)('they type-check as in a shop', () => {
  const options = {
    ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'], strict: true, noEmit: true },
    ...{ skipLibCheck: true, allowImportingTsExtensions: true, customConditions: ['@paidonce/source'] },
  };
  const files = names.map((name) => `${name}/save-membership.ts`);
  writeFileSync(join(copies, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  const tsc = resolve(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
  expect(spawnSync(process.execPath, [tsc, '-p', copies], { encoding: 'utf8' })).toMatchObject({ stdout: '', status: 0 });
});

const signal = AbortSignal.timeout(2 ** 31 - 1);
const decision = (membershipId: string, sequence: number): MembershipChange => ({
  ...{ membershipId, memberId: 'ada', plan: 'year', paidAt: '2026-11-24T13:00:00.000Z', sequence },
  ...(sequence % 2 === 1 ? { change: 'granted', status: 'active' } : { change: 'revoked', status: 'revoked' }),
  idempotencyKey: `${membershipId}:${sequence}`,
});

describe.skipIf(!postgres).each(names)('the example of %s', (name) => {
  let shop: Shop;
  let client: import('pg').Client;
  beforeAll(async () => {
    const pg = (await import('pg')).default;
    client = new pg.Client(postgres!.url);
    await client.connect();
    await client.query('drop table if exists memberships, outbox, paidonce_delivered');
    await client.query(readFileSync(join(copies, name, 'tables.sql'), 'utf8'));
    shop = (await import(join(copies, name, 'save-membership.ts'))).openShop(postgres!.url);
  });
  afterAll(async () => {
    await shop[Symbol.asyncDispose]();
    await client.end();
  });

  const save = (id: string, sequence: number): Promise<Delivered> => shop.saveMembership(decision(id, sequence), signal);
  /** The status, and what the outbox has. */
  const saved = async (id: string) => {
    const { rows } = await client.query('select status, member_id, plan, paid_at from memberships where id = $1', [id]);
    const sent = await client.query('select kind from outbox where membership_id = $1 order by id', [id]);
    return { rows, sent: sent.rows.map(({ kind }) => kind) };
  };
  const row = (status: string) => [{ status, member_id: 'ada', plan: 'year', paid_at: new Date('2026-11-24T13:00:00.000Z') }];

  test('twice: the second changes nothing', async () => {
    expect(await save('twice', 1)).toEqual({ isNew: true, storedSequence: 1 });
    expect(await save('twice', 1)).toEqual({ isNew: false, storedSequence: 1 });
    expect(await saved('twice')).toEqual({ rows: row('active'), sent: ['granted'] });
  });

  test('late: a grant after the revocation that followed it does not come back', async () => {
    for (const sequence of [1, 2]) await save('late', sequence);
    expect(await save('late', 1)).toEqual({ isNew: false, storedSequence: 2 });
    expect(await saved('late')).toEqual({ rows: row('revoked'), sent: ['granted', 'revoked'] });
  });

  test('reversed: the newest comes first, and stays', async () => {
    for (const sequence of [3, 2, 1]) await save('reversed', sequence);
    expect(await saved('reversed')).toEqual({ rows: row('active'), sent: ['granted'] });
  });

  test('at once: of eight equal calls one takes effect', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => save('at-once', 1)));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await saved('at-once')).toEqual({ rows: row('active'), sent: ['granted'] });
  });

  test('killed: a process that is killed in the middle leaves all of a decision, or nothing', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `killed-${index}`);
    for (const part of [ids.slice(0, 20), ids.slice(20, 40), ids.slice(40)]) await killedIn(part);
    for (const id of ids) await save(id, 1);
    for (const id of ids) expect(await saved(id)).toEqual({ rows: row('active'), sent: ['granted'] });
  });

  /** The process kills itself when half of its calls are answered, and the others are on their way. */
  async function killedIn(ids: readonly string[]): Promise<void> {
    const child: ChildProcess = fork(join(copies, 'save-process.ts'), [join(copies, name, 'save-membership.ts'), postgres!.url]);
    const exit = once(child, 'exit');
    await once(child, 'message');
    child.send({ changes: ids.map((id) => decision(id, 1)), answers: ids.length / 2 });
    expect(await exit).toEqual([null, 'SIGKILL']);
  }
});
