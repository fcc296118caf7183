// The benchmark `npm run bench -- replay`: how fast audits read one million events on SQLite, compared with a bare scan of the
// same file that only parses its JSON; how much memory they need; and how much checkpoints slow down appends.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createPaymentLedger } from '@paidonce/ledger';
import { replayLog, sqliteReader, verifyLog } from '@paidonce/ledger/audit';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { appendRatio } from './append-with-checkpoints.ts';
import { growLog } from './grown-log.ts';

const rounds = 3;

export async function replay(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const [small, large] = [join(folder, 'small.db'), join(folder, 'large.db')];
    await growLog(small, 100_000);
    const { events } = await growLog(large, 1_000_000);
    console.log(`${events} events. Its live read models are built first, as a running ledger does it.`);
    for (const path of [small, large]) await catchUp(path);

    const bare: number[] = [];
    const [replays, verifies, cores]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      const { seconds } = await timed(() => bareScan(large));
      bare.push(events / seconds);
      const [replay, verify] = [await timed(() => replayed(large)), await timed(() => verified(large))];
      replays.push(seconds / replay.seconds);
      verifies.push(seconds / verify.seconds);
      cores.push(replay.cores, verify.cores);
    }
    console.log(
      `The audits had ${median(cores).toFixed(1)} cores. Fewer than two: others work on this machine, and the ratios are too low.`,
    );
    const [smallRss, largeRss] = [peakRss(small), peakRss(large)];
    const append = await appendRatio(folder);

    const [replayRatio, verifyRatio, perSecond] = [median(replays), median(verifies), median(bare)];
    console.table([
      { what: 'bare scan with JSON.parse', perSecond: Math.round(perSecond), ratio: '1.00' },
      { what: 'replay, compared with the live rows', perSecond: Math.round(perSecond * replayRatio), ratio: replayRatio.toFixed(2) },
      { what: 'verify', perSecond: Math.round(perSecond * verifyRatio), ratio: verifyRatio.toFixed(2) },
      { what: 'observations without checkpoints', perSecond: Math.round(append.without), ratio: '1.00' },
      {
        what: `observations with checkpoints, ${append.signed} signed meanwhile`,
        perSecond: Math.round(append.withCheckpoints),
        ratio: append.ratio.toFixed(2),
      },
    ]);
    console.log(`Peak memory of verify and replay: ${smallRss} MiB at 100,000 events, ${largeRss} MiB at ${events}.`);
    const rounded = (ratio: number): number => Number(ratio.toFixed(3));
    const last = {
      replayRatio: rounded(replayRatio),
      verifyRatio: rounded(verifyRatio),
      appendRatio: rounded(append.ratio),
      smallRss,
      largeRss,
    };
    console.log(JSON.stringify({ bench: 'replay', ...last }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Does what every reader must do: reads each row with the name of its stream, and parses its JSON. */
async function bareScan(path: string): Promise<void> {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare(
    `SELECT e.position, s.name AS stream, e.revision, e.id, e.type, e.data, e.metadata
     FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.position`,
  );
  for (const row of rows.iterate()) {
    JSON.parse(String(row['data']));
    JSON.parse(String(row['metadata']));
  }
  db.close();
}

async function replayed(path: string): Promise<void> {
  const log = sqliteReader(path);
  const { differing, compared, events } = await replayLog(log, { readModels: `${path}.read-models` });
  await log.close();
  if (!compared || differing > 0 || events < 1_000_000)
    throw new Error(`replay compared ${events} events and found ${differing} differences`);
}

async function verified(path: string): Promise<void> {
  const log = sqliteReader(path);
  const { found, findings } = await verifyLog(log);
  await log.close();
  if (found > 0) throw new Error(`verify found ${found}, first ${JSON.stringify(findings[0])}`);
}

async function catchUp(path: string): Promise<void> {
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
  await ledger.settle({ timeoutMs: 600_000 });
}

/** Returns the largest memory in MiB of a process that only audits the log. */
function peakRss(path: string): number {
  const program = fileURLToPath(new URL('./audit-memory.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, program, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

/** Measures the work. `cores`: the processor time that it used, divided by the time that passed. */
async function timed(work: () => Promise<void>): Promise<{ readonly seconds: number; readonly cores: number }> {
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cores: (user + system) / 1e6 / seconds };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
