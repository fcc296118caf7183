// @paidonce/sandbox/command-line: what `paidonce-stripe sandbox` needs. Internal: it may change in any release.
export { type SandboxArguments, type StartedSandbox, sandboxOptions, startFromArguments } from './start-from-arguments.ts';
