// The program `paidonce`: which commands it has.
import { checkpointCommand, keyCommand } from './checkpoint-command.ts';
import type { Command, ExitCode } from './command.ts';
import { copyCommand } from './copy-command.ts';
import { explainCommand } from './explain-command.ts';
import { exportCommand, importCommand } from './export-command.ts';
import { type ProgramContext, runProgram } from './program.ts';
import { receiptCommand } from './receipt-command.ts';
import { replayCommand } from './replay-command.ts';
import { backupCommand, statsCommand } from './stats-command.ts';
import { verifyCommand } from './verify-command.ts';

const commands: readonly Command[] = [
  explainCommand,
  verifyCommand,
  replayCommand,
  receiptCommand,
  checkpointCommand,
  keyCommand,
  exportCommand,
  importCommand,
  copyCommand,
  backupCommand,
  statsCommand,
];

export function paidonce(args: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const about = 'audits of a PaidOnce ledger. They only read; `import`, `copy` and `backup` write, to a new place.';
  return runProgram({ name: 'paidonce', about, commands }, args, context);
}
