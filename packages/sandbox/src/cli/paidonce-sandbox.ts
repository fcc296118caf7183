// The program `paidonce-sandbox`: the local Stripe alone, until it is interrupted.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type SandboxArguments, sandboxOptions, startFromArguments } from './start-from-arguments.ts';

export interface ProgramContext {
  readonly env: NodeJS.ProcessEnv;
  out(line: string): void;
  err(line: string): void;
  /** Resolves once somebody wants it to end. */
  interrupted(): Promise<unknown>;
}

const texts = Object.fromEntries(Object.keys(sandboxOptions).map((name) => [name, { type: 'string' as const }]));
const flags = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;

/** @returns the exit code: 0, or 2 where it could not start. */
export async function paidonceSandbox(args: readonly string[], context: ProgramContext): Promise<0 | 2> {
  const { env, out, err, interrupted } = context;
  try {
    const { values, tokens } = parseArgs({ args: [...args], options: { ...texts, ...flags }, tokens: true });
    const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
    const again = names.find((name, index) => names.indexOf(name) < index); // The last one would win.
    if (again !== undefined) throw new Error(`--${again} was given several times. Give it once`);
    const { help, version, ...given } = values as SandboxArguments & { readonly help?: boolean; readonly version?: boolean };
    if (help === true || version === true) {
      for (const line of help ? helpLines() : versionLines()) out(line);
      return 0;
    }
    const { sandbox, lines } = await startFromArguments(given, env);
    await using _ = sandbox;
    for (const line of lines) out(line);
    await interrupted();
    return 0;
  } catch (error) {
    err(error instanceof Error ? error.message : String(error));
    err('paidonce-sandbox --help lists the options.');
    return 2;
  }
}

function helpLines(): readonly string[] {
  const options = Object.entries(sandboxOptions).map(([name, { value, help }]) => `  ${`--${name} ${value}`.padEnd(16)} ${help}`);
  return ['paidonce-sandbox: a local Stripe on 127.0.0.1, for development. It ends with Ctrl-C.', '', ...options];
}

function versionLines(): readonly string[] {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return [`@paidonce/sandbox ${version}`, `Node ${process.versions.node}`];
}
