// The program `paidonce`, with all its commands.
import { readFileSync } from 'node:fs';
import type { CommandEntry, ExitCode } from '../command-line/command.ts';
import { type ProgramContext, runProgram } from '../command-line/program.ts';

const commands: readonly CommandEntry[] = [
  {
    name: 'explain',
    summary:
      'Shows why an order or a subscription has its membership: who reported what and when, what granted, who confirmed, what was ignored and by which law.',
    load: async () => (await import('./explain-command.ts')).explainCommand,
  },
  {
    name: 'order',
    summary:
      'Shows an order as it stands. ID is any id that the log holds: of the order, a payment, a session, a refund, an event, a member.',
    load: async () => (await import('./order-command.ts')).orderCommand,
  },
  {
    name: 'reviews',
    summary: 'Lists the payments and subscriptions that the policy does not decide, the oldest first. Exits 3 where there is one.',
    load: async () => (await import('./waiting-commands.ts')).reviewsCommand,
  },
  {
    name: 'undelivered',
    summary: 'Lists the orders and subscriptions whose newest decision the shop does not have. Exits 3 where there is one.',
    load: async () => (await import('./waiting-commands.ts')).undeliveredCommand,
  },
  {
    name: 'verify',
    summary: 'Proves that each stream, decision and delivery in the log is what the rules allow. Exits 3 where one is not.',
    load: async () => (await import('./verify-command.ts')).verifyCommand,
  },
  {
    name: 'replay',
    summary: 'Rebuilds the read models from the log and compares them with the live ones, row by row. Exits 3 where a row differs.',
    load: async () => (await import('./replay-command.ts')).replayCommand,
  },
  {
    name: 'receipt',
    summary: 'Writes a receipt for an order: its events, and the proof that they stand in the log that was signed.',
    load: async () => (await import('./receipt-command.ts')).receiptCommand,
  },
  {
    name: 'checkpoint',
    summary: 'Signs a checkpoint of the log as it is. Keep it where nobody who can write the log can write.',
    load: async () => (await import('./checkpoint-command.ts')).checkpointCommand,
  },
  {
    name: 'key',
    summary: 'Makes a key for checkpoints. The private one goes into a file of yours, the public one, for auditors, to standard output.',
    load: async () => (await import('./key-command.ts')).keyCommand,
  },
  {
    name: 'export',
    summary: 'Writes the log as NDJSON (lossless), as CSV (for spreadsheets) or as a double-entry journal (hledger, beancount).',
    load: async () => (await import('./export-command.ts')).exportCommand,
  },
  {
    name: 'import',
    summary:
      'Appends an NDJSON export to an empty store of any kind (of a new one with --create), and proves at the end that its tree has the same root.',
    load: async () => (await import('./import-command.ts')).importCommand,
  },
  {
    name: 'copy',
    summary: 'Copies a log into an empty store of any kind, or goes on with a copy that was cut off, and proves that both have one root.',
    load: async () => (await import('./copy-command.ts')).copyCommand,
  },
  {
    name: 'backup',
    summary: 'A consistent copy of a SQLite log, also while the ledger runs, verified after it was written.',
    load: async () => (await import('./backup-command.ts')).backupCommand,
  },
  {
    name: 'restore',
    summary: 'Puts a backup in the place of a SQLite log, and keeps the old log under another name.',
    load: async () => (await import('./restore-command.ts')).restoreCommand,
  },
  {
    name: 'compare',
    summary: "Compares the shop's own table of memberships with the log, in both directions, and repairs the shop.",
    load: async () => (await import('./compare-command.ts')).compareCommand,
  },
  {
    name: 'deliver-all',
    summary: 'Has the shop called again for every decision that it does not have, abandoned ones too.',
    load: async () => (await import('./run-commands.ts')).deliverAllCommand,
  },
  {
    name: 'runs',
    summary: 'Lists the bulk runs, the newest first; of one it also shows what failed. --cancel ends it.',
    load: async () => (await import('./run-commands.ts')).runsCommand,
  },
  {
    name: 'stats',
    summary: 'The log in figures: events, orders, who granted and who confirmed, what waits. Exits 3 where an order cannot be read.',
    load: async () => (await import('./stats-command.ts')).statsCommand,
  },
  {
    name: 'postgres-schema',
    summary: 'Prints the schema of the log on PostgreSQL as SQL, and what a role needs that appends or reads.',
    load: async () => (await import('./postgres-schema-command.ts')).postgresSchemaCommand,
  },
];

/** From the sources and from the built package, package.json is two folders above. */
function versions(): readonly string[] {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return [`@paidonce/ledger ${version}`, `Node ${process.versions.node}, SQLite ${process.versions['sqlite'] ?? 'unknown'}`];
}

export function paidonce(args: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const about =
    'audits of a PaidOnce ledger. Most only read; `import`, `copy` and `backup` write to a new place, `restore` to the place of a log; `compare --repair`, `deliver-all` and `runs --cancel` append a request to the log, which the shop carries out.';
  return runProgram({ name: 'paidonce', about, commands, versions }, args, context);
}
