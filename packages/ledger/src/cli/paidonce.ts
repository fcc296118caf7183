// The command `paidonce`: finds the command, hands it its arguments, and turns what it throws into one clear line.
import { LedgerError } from '../errors.ts';
import { checkpointCommand, keyCommand } from './checkpoint-command.ts';
import { type Command, type ExitCode, helpLines, parseArguments } from './command.ts';
import { explainCommand } from './explain-command.ts';
import { exportCommand, importCommand } from './export-command.ts';
import { receiptCommand } from './receipt-command.ts';
import { replayCommand } from './replay-command.ts';
import { backupCommand, statsCommand } from './stats-command.ts';
import type { Terminal } from './terminal.ts';
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
  backupCommand,
  statsCommand,
];

export async function paidonce(
  args: readonly string[],
  { env, terminal }: { readonly env: Readonly<Record<string, string | undefined>>; readonly terminal: Terminal },
): Promise<ExitCode> {
  const [name = '', ...rest] = args;
  const command = commands.find((each) => each.name === name);
  const asked = args.includes('--help') || args.includes('-h') || name === 'help';
  if (command && asked) {
    for (const line of helpLines(command)) terminal.out(line);
    return 0;
  }
  if (!command) {
    for (const line of overview(name, asked)) (asked || name === '' ? terminal.out : terminal.err)(line);
    return asked ? 0 : 2;
  }
  try {
    return await command.run({ ...parseArguments(command, rest), env, terminal });
  } catch (error) {
    terminal.endProgress();
    if (!(error instanceof LedgerError)) throw error; // A bug: let it crash with its stack.
    terminal.err(`${error.code}: ${error.message}`);
    return 2;
  }
}

function overview(name: string, asked: boolean): readonly string[] {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    ...(asked || name === '' ? [] : [`There is no command ${name}.`, '']),
    'paidonce COMMAND [--store URL] …: audits of a PaidOnce ledger. They only read; `import` and `backup` write, to a new place.',
    '',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Exit codes: 0 fine, 3 it found something, 2 it could not run.',
    'paidonce COMMAND --help tells its options.',
  ];
}
