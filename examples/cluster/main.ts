// The program of `npm run cluster:local`: runs three replicas of the shop on this machine with customers, and kills a replica and
// the server of the event store. That is the server that PAIDONCE_TEST_POSTGRES or EVENTSTOREDB_URL names, else a PostgreSQL
// server of its own, else the protocol double. Exits 0; 1: a law is broken; 2: it could not run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LedgerError } from '@paidonce/ledger';
import { exitCodeOf } from '../demo/laws.ts';
import { verdictLines } from '../demo/report.ts';
import { openClusterStore, storeNames } from './event-store.ts';
import { orderLine, replicaTable } from './report.ts';
import { runCluster } from './run.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'paidonce-cluster-'));
  try {
    return await cluster(dataDir);
  } catch (error) {
    console.error(error instanceof LedgerError ? `${error.code}: ${error.message}` : error);
    return 2;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function cluster(dataDir: string): Promise<number> {
  const { values } = parseArgs({ options: { orders: { type: 'string', default: '90' }, store: { type: 'string' } } });
  const orders = Number(values.orders);
  // With fewer orders a replica may get none.
  if (!Number.isInteger(orders) || orders < 20) throw new Error(`--orders is "${values.orders}". It must be a whole number from 20 on.`);
  const asked = storeNames.find((name) => name === values.store);
  if (values.store !== undefined && !asked) throw new Error(`--store is "${values.store}". It must be ${storeNames.join(', ')}.`);
  await using opened = new AsyncDisposableStack();
  const began = performance.now();
  const store = await openClusterStore(asked, process.env, opened);
  console.log(`Event store: ${store.name}.`);
  const result = await runCluster({ orders, store, dataDir, print: (line) => console.log(line) });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  for (const line of ['', ...replicaTable(result), '', orderLine(result), '', ...verdictLines(result.verdicts)]) console.log(line);
  console.log(`\n${result.log.length} events in ${seconds} s.`);
  return exitCodeOf(result.verdicts);
}
