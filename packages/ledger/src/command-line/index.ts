/**
 * `@paidonce/ledger/command-line`: what the commands of an adapter are made of, so that all of ours read and answer alike.
 *
 * @internal It may change in any release.
 */
export { type Command, type ExitCode, type Invocation, jsonOption, type OptionSpec, type Options, storeOption } from './command.ts';
export { openWritableStore, storeUrl, type WritableStore } from './open-store.ts';
export { type Program, type ProgramContext, runProgram } from './program.ts';
export { openTerminal, type Terminal } from './terminal.ts';
