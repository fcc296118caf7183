// `paidonce-stripe sandbox`: the local Stripe alone, until it is interrupted. The sandbox is a package for development;
// it is imported when it is asked for, so that all other commands run where it is not installed.
import { once } from 'node:events';
import { LedgerError } from '@paidonce/ledger';
import type { Command } from '@paidonce/ledger/command-line';
import type { SandboxArguments, StartedSandbox } from '@paidonce/sandbox/command-line';

export const sandboxCommand: Command = {
  positionals: [],
  options: {
    port: { value: 'PORT', help: 'default: any free one' },
    state: { value: 'FILE', help: 'a file in which everything survives a restart. Default: memory' },
    webhook: { value: 'URL', help: 'where its webhooks go' },
    secret: { value: 'WHSEC', help: 'what signs them; it begins with whsec_sandbox. Default: a random one, which is printed' },
    hosts: {
      value: 'NAMES',
      help: 'the names by which others reach it, with commas between. Default: SANDBOX_HOSTS, else this machine alone',
    },
  },
  run: async ({ options, env, terminal }) => {
    const [port, state, webhook] = [options.text('port'), options.text('state'), options.text('webhook')];
    const { sandbox, lines } = await started({ port, state, webhook, secret: options.text('secret'), hosts: options.text('hosts') }, env);
    await using _ = sandbox;
    for (const line of lines) terminal.out(line);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    return 0;
  },
};

async function started(given: SandboxArguments, env: NodeJS.ProcessEnv): Promise<StartedSandbox> {
  const { startFromArguments } = await importSandbox();
  try {
    return await startFromArguments(given, env);
  } catch (error) {
    throw new LedgerError('invalid_input', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const howToInstall =
  'The sandbox is not installed. It is the package @paidonce/sandbox, which is not on npm yet: pack it in a checkout of PaidOnce (README.md, "Install"), then run here: npm install --save-dev FILE.tgz';

async function importSandbox(): Promise<typeof import('@paidonce/sandbox/command-line')> {
  try {
    return await import('@paidonce/sandbox/command-line');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing || !error.message.includes("'@paidonce/sandbox'")) throw error; // What it imports itself may be missing too.
    throw new LedgerError('invalid_input', howToInstall, { cause: error });
  }
}
