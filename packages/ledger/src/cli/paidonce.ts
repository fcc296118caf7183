// The program `paidonce`, with all its commands.
import { readFileSync } from 'node:fs';
import type { Command, ExitCode } from '../command-line/command.ts';
import { type ProgramContext, runProgram } from '../command-line/program.ts';
import { backupCommand } from './backup-command.ts';
import { checkpointCommand } from './checkpoint-command.ts';
import { compareCommand } from './compare-command.ts';
import { copyCommand } from './copy-command.ts';
import { explainCommand } from './explain-command.ts';
import { exportCommand } from './export-command.ts';
import { importCommand } from './import-command.ts';
import { keyCommand } from './key-command.ts';
import { orderCommand } from './order-command.ts';
import { postgresSchemaCommand } from './postgres-schema-command.ts';
import { receiptCommand } from './receipt-command.ts';
import { replayCommand } from './replay-command.ts';
import { restoreCommand } from './restore-command.ts';
import { deliverAllCommand, runsCommand } from './run-commands.ts';
import { statsCommand } from './stats-command.ts';
import { verifyCommand } from './verify-command.ts';
import { reviewsCommand, undeliveredCommand } from './waiting-commands.ts';

const commands: readonly Command[] = [
  explainCommand,
  orderCommand,
  reviewsCommand,
  undeliveredCommand,
  verifyCommand,
  replayCommand,
  receiptCommand,
  checkpointCommand,
  keyCommand,
  exportCommand,
  importCommand,
  copyCommand,
  backupCommand,
  restoreCommand,
  compareCommand,
  deliverAllCommand,
  runsCommand,
  statsCommand,
  postgresSchemaCommand,
];

/** From the sources and from the built package, package.json is two folders above. */
function versions(): readonly string[] {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return [`@paidonce/ledger ${version}`, `Node ${process.versions.node}, SQLite ${process.versions['sqlite'] ?? 'unknown'}`];
}

export function paidonce(args: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const about =
    'audits of a PaidOnce ledger. They only read; `import`, `copy` and `backup` write to a new place, `restore` to the place of a log, `compare --repair` and `deliver-all` ask for deliveries.';
  return runProgram({ name: 'paidonce', about, commands, versions }, args, context);
}
