// Runs a program of several commands: finds the command, passes its arguments, and prints an error as one clear line.
import { LedgerError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { withoutSecrets } from '../secrets.ts';
import { type CommandEntry, type ExitCode, helpLines, parseArguments } from './command.ts';
import type { Terminal } from './terminal.ts';

/** A program with several commands. */
export interface Program {
  /** The name that the user types: `paidonce`. */
  readonly name: string;
  /** One line of help after the usage. */
  readonly about: string;
  /** Returns what `--version` prints: the program and what it runs on, a line each. */
  versions(): readonly string[] | Promise<readonly string[]>;
  readonly commands: readonly CommandEntry[];
}

/** What a program gets from its process. */
export interface ProgramContext {
  /** The variables of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Clock, random numbers and waiting. Default: the system's. */
  readonly runtime?: Partial<Runtime>;
}

/**
 * Runs a command, and returns its exit code. `--help` and `--version` print, and return 0. Returns 2 for an unknown command, and
 * if the command throws a LedgerError: its message goes to standard error, and with `--json` also, with the code, to standard
 * output. Any other error is thrown.
 * @param args the arguments after the name of the program.
 */
export async function runProgram(program: Program, args: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const { terminal } = context;
  const [name = '', ...rest] = args;
  const entry = program.commands.find((each) => each.name === name);
  const asked = args.includes('--help') || args.includes('-h') || name === 'help';
  if (name === '--version') {
    for (const line of await program.versions()) terminal.out(line);
    return 0;
  }
  if (!entry) {
    if (!asked && name !== '') {
      terminal.err(`There is no command ${name}.`);
      terminal.err(`See: ${program.name} --help`);
      return 2;
    }
    for (const line of overview(program)) terminal.out(line);
    return asked ? 0 : 2;
  }
  const command = await entry.load();
  const usage = `${program.name} ${name}`;
  if (asked) {
    for (const line of helpLines(command, entry.summary, usage)) terminal.out(line);
    return 0;
  }
  try {
    return await command.run({ ...parseArguments(command, rest, usage), ...context });
  } catch (error) {
    terminal.endProgress();
    if (!(error instanceof LedgerError)) throw error; // A bug: let it crash with its stack.
    terminal.err(error.message);
    if (rest.includes('--json')) terminal.out(JSON.stringify({ error: error.code, message: withoutSecrets(error.message) }));
    return 2;
  }
}

function overview({ name: program, about, commands }: Program): readonly string[] {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    `${program} COMMAND [--store URL] …: ${about}`,
    '',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Exit codes: 0 fine, 3 it found something, 2 it could not run.',
    `${program} COMMAND --help shows its options; ${program} --version what it runs on.`,
  ];
}
