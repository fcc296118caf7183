// The command `paidonce export` writes the log as NDJSON, as CSV, or as a double-entry journal.

import { open, rm } from 'node:fs/promises';
import { accountsWith, defaultAccounts } from '../audit/export/accounts.ts';
import { csvLines } from '../audit/export/csv.ts';
import { type Fee, feeSums, feesIn } from '../audit/export/fees.ts';
import { journalEntries, modesIn } from '../audit/export/journal.ts';
import { type JournalFormat, journalWriter } from '../audit/export/journal-text.ts';
import { ndjsonLines } from '../audit/export/ndjson.ts';
import { asOfDay } from '../audit/log/as-of.ts';
import type { LogReader } from '../audit/log/log-reader.ts';
import { positionText } from '../audit/log/log-row.ts';
import { moneyText } from '../audit/minor-units.ts';
import { type Command, type Invocation, readingOptions } from '../command-line/command.ts';
import { grouped } from '../command-line/terminal.ts';
import { defined } from '../defined.ts';
import { LedgerError } from '../errors.ts';
import { unfinishedPaths } from '../unfinished-paths.ts';
import { fileMode, notWritten, readText } from '../written-files.ts';
import { asOfIn, measured, withLog } from './open-log.ts';

const formats: readonly string[] = ['ndjson', 'csv', 'hledger', 'beancount'];

export const exportCommand: Command = {
  positionals: [],
  details: [
    'Accounts of the journal, with their defaults; {provider}, {account} and {plan} stand for those of the payment:',
    ...Object.entries(defaultAccounts).map(([name, account]) => `  ${name.padEnd(15)}${account}`),
    'Fees are not in the log. With --fees they come from a report of the provider: of Stripe, the itemised "Balance change from',
    'activity", as it is. Payouts are not in it. With a time in --as-of, fees of later days are left out; a position has no day.',
    'Fees whose payment no order of the log has, in that mode, are not in the journal: it says how many, and their sums.',
  ],
  options: {
    ...readingOptions,
    json: { help: 'the summary as JSON: on standard output with --out, else on standard error' },
    format: { value: formats.join('|'), help: 'default: ndjson' },
    out: { value: 'FILE', help: 'a new file. Default: standard output' },
    mode: { value: 'live|test', help: 'journal: which money. Must be said where the log holds both' },
    account: { value: 'NAME=ACCOUNT', multiple: true, help: 'journal: another account, like revenue=income:memberships:{plan}' },
    fees: { value: 'FILE', help: 'journal: CSV of what the provider kept, with the columns payment, fee, currency, date' },
  },
  run: async (invocation) => {
    const { options } = invocation;
    const format = options.text('format') ?? 'ndjson';
    if (!formats.includes(format))
      throw new LedgerError('invalid_input', `--format ${format} is not known. It writes ${formats.join(', ')}`);
    const isJournal = format === 'hledger' || format === 'beancount';
    if (!isJournal)
      options.refuse(
        ['mode', 'account', 'fees'],
        `is for a journal, and ${format} is the whole log, live and test. Leave it out, or say --format hledger or --format beancount`,
      );
    const mode = modeOf(options.text('mode'));
    const accounts = accountsWith(options.texts('account'));
    const [feesFile, then] = [options.text('fees'), options.text('as-of')];
    const until = then === undefined ? undefined : asOfDay(then);
    const fees = feesFile === undefined ? {} : { fees: feesIn(readText(feesFile), defined({ until })) };
    return withLog(invocation, async (log) => {
      const asOf = await asOfIn(invocation, log);
      const livemode = isJournal ? await livemodeIn(mode, log) : undefined;
      const output = await openOutput(invocation, log, format);
      const { onEvents } = output;
      let unplaced: readonly Fee[] = [];
      try {
        if (livemode === undefined) {
          const lines = format === 'csv' ? csvLines(log, { ...asOf, onEvents }) : ndjsonLines(log, { ...asOf, onEvents });
          for await (const line of lines) await output.line(line);
        } else {
          const linesOf = journalWriter(format as JournalFormat);
          const then = asOf.asOf ? ` as of position ${positionText(asOf.asOf)}` : '';
          await output.line(`; ${log.name}${then}, ${livemode ? 'live' : 'test'} payments`);
          unplaced = await journalEntries(log, { accounts, livemode, ...asOf, ...fees, onEvents }, async (entry) => {
            for (const line of linesOf(entry)) await output.line(line);
          });
        }
        await output.end();
      } catch (error) {
        await output.abandon();
        throw error;
      }
      output.summarize(unplaced);
      return 0;
    });
  },
};

function modeOf(given: string | undefined): 'live' | 'test' | undefined {
  if (given === undefined || given === 'live' || given === 'test') return given;
  throw new LedgerError('invalid_input', `--mode ${given} is not known. It is live or test`);
}

/** Decides whether the journal is of live or of test payments. One journal must never mix them. */
async function livemodeIn(given: 'live' | 'test' | undefined, log: LogReader): Promise<boolean> {
  if (given !== undefined) return given === 'live';
  const modes = await modesIn(log);
  if (modes.size === 2)
    throw new LedgerError('invalid_input', 'The log holds live and test payments. Say which: --mode live, or --mode test');
  return !modes.has('test');
}

interface Output {
  readonly onEvents: (events: number) => void;
  line(text: string): Promise<void>;
  /** Deletes the file after an error, also one of `end`, so that nobody uses an incomplete file. */
  abandon(): Promise<void>;
  /** Writes what is left, and closes the file. */
  end(): Promise<void>;
  /** Tells the user what was written, and which fees were not. */
  summarize(unplaced: readonly Fee[]): void;
}

const chunkChars = 64 * 1024;

async function openOutput(invocation: Invocation, log: LogReader, format: string): Promise<Output> {
  const { options, terminal } = invocation;
  const path = options.text('out');
  const file = path === undefined ? undefined : await withFileErrors(path, () => open(path, 'wx', fileMode));
  if (path !== undefined) unfinishedPaths.add(path);
  const measure = measured(invocation, 'export', log);
  let [chunk, lines, events] = ['', 0, 0];
  const flush = async (): Promise<void> => {
    const text = chunk;
    chunk = '';
    if (path === undefined || file === undefined) await terminal.write(text);
    else await withFileErrors(path, () => file.appendFile(text));
  };
  return {
    onEvents: (read) => {
      events = read;
      measure.onEvents(read);
    },
    line: async (text) => {
      chunk += `${text}\n`;
      lines += 1;
      if (chunk.length >= chunkChars) await flush();
    },
    abandon: async () => {
      await file?.close().catch(() => undefined); // `end` may have closed it, or failed to: the first error is the one to report.
      if (path === undefined) return;
      await rm(path, { force: true });
      unfinishedPaths.delete(path);
    },
    end: async () => {
      await flush();
      if (path === undefined) return;
      await withFileErrors(path, async () => file?.close());
      unfinishedPaths.delete(path);
    },
    summarize: (unplaced) => {
      const summary = `${path ?? format}: ${grouped(lines)} lines; ${measure.end(events)}.`;
      const unplacedFees = options.text('fees') === undefined ? undefined : { count: unplaced.length, sumsMinor: feeSums(unplaced) };
      const asJson = JSON.stringify({ format, lines, events, ...defined({ file: path, unplacedFees }) });
      const isJson = options.flag('json');
      // Where the JSON goes to standard error, it stands there alone.
      if (unplaced.length > 0 && !(isJson && path === undefined)) terminal.err(unplacedText(unplaced));
      if (isJson) (path === undefined ? terminal.err : terminal.out)(asJson);
      else terminal.err(summary);
    },
  };
}

function unplacedText(fees: readonly Fee[]): string {
  const sums = Object.entries(feeSums(fees)).map(([currency, amountMinor]) => moneyText(amountMinor, currency));
  return `Fees that are not in the journal, since no order has their payment in this mode: ${grouped(fees.length)} (${sums.join(', ')}).`;
}

/** Converts an error of the file system to a LedgerError, because it is no bug of ours. */
async function withFileErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw notWritten(path, error);
  }
}
