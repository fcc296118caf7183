// What a command of `paidonce` is, and how its arguments are read. What can be refused is refused before a log is opened.
import { parseArgs } from 'node:util';
import { LedgerError } from '../errors.ts';
import { storeForms } from '../event-store/store-schemes.ts';
import type { Runtime } from '../runtime.ts';
import type { Terminal } from './terminal.ts';

/** 0: fine. 3: it found something. 2: it could not run. */
export type ExitCode = 0 | 2 | 3;

export interface OptionSpec {
  /** How its value is called in the help; absent: it has none. */
  readonly value?: string;
  /** It may be given several times. */
  readonly multiple?: true;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  /** `ORDER`, `[FILE]`. */
  readonly positionals: readonly string[];
  readonly summary: string;
  /** More lines of help. */
  readonly details?: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  run(invocation: Invocation): Promise<ExitCode>;
}

export interface Invocation {
  readonly positionals: readonly string[];
  readonly options: Options;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly runtime?: Partial<Runtime>;
}

/** What was given, by the name of the option. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value : [];
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  required(name: string, why: string): string {
    const value = this.text(name);
    if (value === undefined) throw new LedgerError('invalid_input', `--${name} is missing: ${why}`);
    return value;
  }
}

export const storeOption: Readonly<Record<'store', OptionSpec>> = {
  store: {
    value: 'URL',
    help: `the log: ${storeForms}. Default: LEDGER_URL, else ledger.db in DATA_DIR or ./data`,
  },
};
export const jsonOption: Readonly<Record<'json', OptionSpec>> = { json: { help: 'one JSON document on standard output, for machines' } };
const asOfOption: Readonly<Record<'as-of', OptionSpec>> = {
  'as-of': { value: 'TIME|POSITION', help: 'the log as it was then: 2026-03-01, 2026-03-01T12:00:00Z, or a position' },
};
export const readingOptions: Readonly<Record<string, OptionSpec>> = { ...storeOption, ...asOfOption, ...jsonOption };

/** @throws LedgerError `invalid_input`: names what was given wrongly. */
export function parseArguments(
  command: Command,
  args: readonly string[],
  program: string,
): { positionals: readonly string[]; options: Options } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(command.options).map(([name, { value, multiple = false }]) => [
          name,
          { type: value ? ('string' as const) : ('boolean' as const), multiple },
        ]),
      ),
    });
    refuseCount(command, positionals.length, program);
    return { positionals, options: new Options(values) };
  } catch (error) {
    if (error instanceof TypeError)
      throw new LedgerError('invalid_input', `${error.message.split('. ')[0]}. See: ${program} ${command.name} --help`);
    throw error;
  }
}

function refuseCount({ name, positionals }: Command, count: number, program: string): void {
  const least = positionals.filter((positional) => !positional.startsWith('[')).length;
  if (count >= least && count <= positionals.length) return;
  const wanted = positionals.length === 0 ? 'takes no arguments' : `takes ${positionals.join(' ')}`;
  throw new LedgerError('invalid_input', `${program} ${name} ${wanted}, and was given ${count}. See: ${program} ${name} --help`);
}

export function helpLines({ name, positionals, summary, details = [], options }: Command, program: string): readonly string[] {
  const usages = Object.entries(options).map(([option, { value }]) => `--${option}${value ? ` ${value}` : ''}`);
  const width = Math.max(0, ...usages.map((usage) => usage.length));
  return [
    `${program} ${[name, ...positionals].join(' ')}`,
    '',
    summary,
    ...(details.length > 0 ? ['', ...details] : []),
    ...(usages.length > 0 ? ['', 'Options:'] : []),
    ...Object.values(options).map(
      ({ help, multiple }, place) => `  ${(usages[place] ?? '').padEnd(width)}  ${help}${multiple ? ' (several)' : ''}`,
    ),
  ];
}
