// The program of `npm run demo`: plays fifty orders with four sources, and checks the laws at the end. Exits 0; 1: a law is
// broken; 2: it could not run. With DATA_DIR it leaves its log there, for the audit commands.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf } from './laws.ts';
import { orderTable, reviewLine, verdictLines } from './report.ts';
import { runDemo } from './run.ts';
import { scenarios } from './scenarios.ts';

const { DATA_DIR: kept } = process.env;
process.exitCode = await main();

async function main(): Promise<number> {
  if (kept && existsSync(join(kept, 'ledger.db'))) {
    console.error(`${join(kept, 'ledger.db')} is there already, and the demo begins a log of its own. Name another folder in DATA_DIR.`);
    return 2;
  }
  const dataDir = kept || mkdtempSync(join(tmpdir(), 'paidonce-demo-'));
  mkdirSync(dataDir, { recursive: true });
  try {
    return await demo(dataDir);
  } catch (error) {
    console.error(error);
    return 2;
  } finally {
    if (!kept) rmSync(dataDir, { recursive: true, force: true });
  }
}

async function demo(dataDir: string): Promise<number> {
  const began = performance.now();
  const { log, verdicts, webhooks, statusQueries } = await runDemo(scenarios, dataDir, (line) => console.log(line));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);

  console.log();
  for (const line of orderTable(scenarios, log)) console.log(line);
  console.log();
  console.log(reviewLine(log));
  console.log();
  for (const line of verdictLines(verdicts)) console.log(line);
  console.log();
  console.log(`${webhooks} webhooks and ${statusQueries} status queries came in, and one sweep of the poll, in ${seconds} s.`);
  console.log(
    kept
      ? `The log, ${log.length} events, is kept in ${join(kept, 'ledger.db')}.`
      : `The log held ${log.length} events. DATA_DIR=data/demo keeps it.`,
  );
  return exitCodeOf(verdicts);
}
