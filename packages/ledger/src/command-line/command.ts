// Describes a command, and reads its arguments. What can be refused is refused before a log is opened.
import { parseArgs } from 'node:util';
import { LedgerError } from '../errors.ts';
import { storeForms } from '../event-store/store-schemes.ts';
import type { Runtime } from '../runtime.ts';
import type { Terminal } from './terminal.ts';

/** The exit code of a command. 0: it succeeded. 3: it found something. 2: it could not run. */
export type ExitCode = 0 | 2 | 3;

/** One option of a command. */
export interface OptionSpec {
  /** The name of its value in the help, such as `FILE`. Absent: the option has no value, it is a flag. */
  readonly value?: string;
  /** The option may be given several times. Absent: at most once. */
  readonly multiple?: true;
  /** The line of help. */
  readonly help: string;
}

/** What a program says of a command before anybody asks for it. The rest is loaded then, so that `--help` loads no store. */
export interface CommandEntry {
  /** The word after the name of the program. */
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** One command of a program. */
export interface Command {
  /** The arguments in their order, such as `ORDER`. One in brackets, `[FILE]`, may be left out. */
  readonly positionals: readonly string[];
  /** More lines of help. Default: none. */
  readonly details?: readonly string[];
  /** Key: the option's name without `--`. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Runs the command. If it throws a LedgerError, the program prints its code and message, and exits with 2. */
  run(invocation: Invocation): Promise<ExitCode>;
}

/** What a command gets when it runs. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly options: Options;
  /** The variables of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Clock, random numbers and waiting. Default: the system's. */
  readonly runtime?: Partial<Runtime>;
}

/** The options that were given. Each method takes the option's name without `--`. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #known: readonly string[];

  /** @param known the names of all options of the command. */
  constructor(values: Readonly<Record<string, unknown>>, known: readonly string[]) {
    this.#values = values;
    this.#known = known;
  }

  /** Returns the value. Undefined: the option was not given. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Returns all values of an option with `multiple`. */
  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value : [];
  }

  /** True if the command knows the option, given or not. */
  knows(name: string): boolean {
    return this.#known.includes(name);
  }

  /** True if the option without a value was given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Refuses what would be ignored. @throws LedgerError `invalid_input`: one of these was given; the message is its name and `why`. */
  refuse(names: readonly string[], why: string): void {
    const given = names.find((name) => this.#values[name] !== undefined);
    if (given !== undefined) throw new LedgerError('invalid_input', `--${given} ${why}`);
  }

  /** Returns the value. @throws LedgerError `invalid_input`: the option was not given; the message contains `why`. */
  required(name: string, why: string): string {
    const value = this.text(name);
    if (value === undefined) throw new LedgerError('invalid_input', `--${name} is missing: ${why}`);
    return value;
  }
}

/** The option `--store`: the URL of the log. Pass its value to `storeUrl`. */
export const storeOption: Readonly<Record<'store', OptionSpec>> = {
  store: {
    value: 'URL',
    help: `the log: ${storeForms}. Default: LEDGER_URL, else ledger.db in DATA_DIR or ./data`,
  },
};
/** The flag `--json`: the result as one JSON document. */
export const jsonOption: Readonly<Record<'json', OptionSpec>> = { json: { help: 'one JSON document on standard output, for machines' } };
const asOfOption: Readonly<Record<'as-of', OptionSpec>> = {
  'as-of': { value: 'TIME|POSITION', help: 'the log as it was then: 2026-03-01, 2026-03-01T12:00:00Z, or a position' },
};
/** The options of a command that reads a log: `--store`, `--as-of`, `--json`. */
export const readingOptions: Readonly<Record<string, OptionSpec>> = { ...storeOption, ...asOfOption, ...jsonOption };

/** Reads the arguments of a command. @param usage how it is called: `paidonce verify`. @throws LedgerError `invalid_input`: an argument is wrong; the message names it. */
export function parseArguments(
  command: Command,
  args: readonly string[],
  usage: string,
): { positionals: readonly string[]; options: Options } {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      allowPositionals: true,
      tokens: true,
      options: Object.fromEntries(
        Object.entries(command.options).map(([name, { value, multiple = false }]) => [
          name,
          { type: value ? ('string' as const) : ('boolean' as const), multiple },
        ]),
      ),
    });
    refuseRepeats(
      command,
      tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : [])),
      usage,
    );
    refuseCount(command, positionals.length, usage);
    return { positionals, options: new Options(values, Object.keys(command.options)) };
  } catch (error) {
    if (error instanceof TypeError) throw new LedgerError('invalid_input', `${error.message.split('. ')[0]}. See: ${usage} --help`);
    throw error;
  }
}

/** The last one would win, and the others be forgotten. */
function refuseRepeats({ options }: Command, given: readonly string[], usage: string): void {
  const again = given.find((name, index) => !options[name]?.multiple && given.indexOf(name) < index);
  if (again === undefined) return;
  const instead = options[again]?.value === undefined ? 'Give it once' : 'Give it once, or run the command for each value';
  throw new LedgerError('invalid_input', `--${again} was given several times. ${instead}. See: ${usage} --help`);
}

function refuseCount({ positionals }: Command, count: number, usage: string): void {
  const least = positionals.filter((positional) => !positional.startsWith('[')).length;
  if (count >= least && count <= positionals.length) return;
  const wanted = positionals.length === 0 ? 'takes no arguments' : `takes ${positionals.join(' ')}`;
  throw new LedgerError('invalid_input', `${usage} ${wanted}, and was given ${count}. See: ${usage} --help`);
}

/** Returns the help of a command, without line breaks. */
export function helpLines({ positionals, details = [], options }: Command, summary: string, usage: string): readonly string[] {
  const usages = Object.entries(options).map(([option, { value }]) => `--${option}${value ? ` ${value}` : ''}`);
  const width = Math.max(0, ...usages.map((usage) => usage.length));
  return [
    [usage, ...positionals].join(' '),
    '',
    summary,
    ...(details.length > 0 ? ['', ...details] : []),
    ...(usages.length > 0 ? ['', 'Options:'] : []),
    ...Object.values(options).map(
      ({ help, multiple }, place) => `  ${(usages[place] ?? '').padEnd(width)}  ${help}${multiple ? ' (several)' : ''}`,
    ),
  ];
}
