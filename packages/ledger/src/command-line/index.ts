/**
 * The entry point `@paidonce/ledger/command-line`: the parts of a command-line program, so that the commands of all adapters
 * read their arguments and answer in the same way.
 *
 * @internal It may change in any release.
 */
export {
  type Command,
  type CommandEntry,
  type ExitCode,
  type Invocation,
  jsonOption,
  type OptionSpec,
  type Options,
  storeOption,
} from './command.ts';
export { createOption, type OpeningOptions, openWritableStore, storeUrl, type WritableStore } from './open-store.ts';
export { type Program, type ProgramContext, runProgram } from './program.ts';
export { runProcess } from './run-process.ts';
export { type Coloured, type OutputStream, openTerminal, type Terminal } from './terminal.ts';
