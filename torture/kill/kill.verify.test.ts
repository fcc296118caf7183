// `npm run verify` kills the shop a few times on each store; `npm run torture -- --kill N` N times (TEST_KILLS), from the seed
// TEST_SEED.
import { skipReason, startPostgres } from '@paidonce/ledger/testing/postgres-server';
import { expect, test } from 'vitest';
import { torturePrints } from '../shop/figures.ts';
import { killUnderLoad } from './kill.ts';

const { TEST_KILLS = '3', TEST_SEED = '1' } = process.env;
const [kills, seed] = [Number(TEST_KILLS), Number(TEST_SEED)];

async function tortured(store: string, ledgerUrl?: string): Promise<void> {
  const report = await killUnderLoad({ kills, seed, ...(ledgerUrl === undefined ? {} : { ledgerUrl }) });
  const { orders, events, acknowledged, requests, grantedBy, takenOver, duringStart } = report;
  torturePrints(
    'kill',
    seed,
    `${store}: ${report.kills} kills (${duringStart} while starting), ${orders} orders, ${events} events, ${acknowledged} facts acknowledged by ${JSON.stringify(requests)}, granted by ${JSON.stringify(grantedBy)}, ${takenOver} deliveries taken over`,
  );
  expect(report.broken, `seed ${seed}`).toEqual([]);
  expect(report.kills).toBe(kills);
  // It was no test of nothing: each source has granted, and each kind of request was acknowledged.
  expect(Object.keys(grantedBy).toSorted()).toEqual(['manual', 'poll', 'status_query', 'webhook']);
  expect(Object.entries(requests).filter(([, count]) => count === 0)).toEqual([]);
}

// At once: each waits for half a minute until the deliveries of dead processes are taken over.
test.concurrent('killed again and again on SQLite, the shop keeps every law', () => tortured('SQLite'));

test.concurrent('killed again and again on PostgreSQL, the shop keeps every law', async ({ skip }) => {
  const reason = skipReason();
  if (reason !== undefined) {
    console.warn(`SKIPPED: the shop is killed on PostgreSQL. ${reason}`);
    return skip(reason);
  }
  const server = await startPostgres();
  try {
    await tortured('PostgreSQL', server.url());
  } finally {
    await server.remove();
  }
});
