// A program of commands: finds the command, hands it its arguments, and turns what it throws into one clear line.
import { LedgerError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { type Command, type ExitCode, helpLines, parseArguments } from './command.ts';
import type { Terminal } from './terminal.ts';

export interface Program {
  readonly name: string;
  /** One line, after the usage. */
  readonly about: string;
  readonly commands: readonly Command[];
}

export interface ProgramContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** How its ledger waits and tells the time. Default: as the system does. */
  readonly runtime?: Partial<Runtime>;
}

export async function runProgram(program: Program, args: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const { terminal } = context;
  const [name = '', ...rest] = args;
  const command = program.commands.find((each) => each.name === name);
  const asked = args.includes('--help') || args.includes('-h') || name === 'help';
  if (command && asked) {
    for (const line of helpLines(command, program.name)) terminal.out(line);
    return 0;
  }
  if (!command) {
    for (const line of overview(program, name, asked)) (asked || name === '' ? terminal.out : terminal.err)(line);
    return asked ? 0 : 2;
  }
  try {
    return await command.run({ ...parseArguments(command, rest, program.name), ...context });
  } catch (error) {
    terminal.endProgress();
    if (!(error instanceof LedgerError)) throw error; // A bug: let it crash with its stack.
    terminal.err(`${error.code}: ${error.message}`);
    return 2;
  }
}

function overview({ name: program, about, commands }: Program, name: string, asked: boolean): readonly string[] {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    ...(asked || name === '' ? [] : [`There is no command ${name}.`, '']),
    `${program} COMMAND [--store URL] …: ${about}`,
    '',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Exit codes: 0 fine, 3 it found something, 2 it could not run.',
    `${program} COMMAND --help tells its options.`,
  ];
}
