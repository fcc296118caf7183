// `paidonce-stripe sandbox`: the local Stripe alone, until it is interrupted. The sandbox is a package for development;
// it is imported when it is asked for, so that all other commands run where it is not installed.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { LedgerError } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { Command } from '@paidonce/ledger/command-line';
import type { StripeSandbox, StripeSandboxOptions } from '@paidonce/sandbox';
import { isSandboxSecret } from '../stripe/secrets.ts';

export const sandboxCommand: Command = {
  name: 'sandbox',
  positionals: [],
  summary: 'start a local Stripe on 127.0.0.1, and send its webhooks to a shop',
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
    const port = options.text('port');
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
      throw new LedgerError('invalid_input', `--port is ${JSON.stringify(port)}; it must be a number up to 65535`);
    }
    const url = options.text('webhook');
    const given = options.text('secret');
    // A secret of Stripe's own would let whoever reaches the sandbox make events that a real shop believes.
    if (given !== undefined && !isSandboxSecret(given))
      throw new LedgerError('invalid_input', '--secret must begin with whsec_sandbox: the sandbox signs with no secret of Stripe itself');
    const secret = given ?? `whsec_sandbox_${randomBytes(24).toString('hex')}`;
    const hosts = (options.text('hosts') ?? env['SANDBOX_HOSTS'])?.split(',').map((name) => name.trim());
    const stateFile = options.text('state');
    await using sandbox = await started({
      ...(port === undefined ? {} : { port: Number(port) }),
      ...defined({ stateFile, hosts }),
      ...(url === undefined ? {} : { webhookEndpoints: [{ url, secret }] }),
    });
    terminal.out(`Stripe sandbox: ${sandbox.url} (its state: ${sandbox.url}/_sandbox)`);
    terminal.out(`new Stripe('sk_test_123456789012', { host: '127.0.0.1', port: ${sandbox.port}, protocol: 'http' })`);
    if (url !== undefined) terminal.out(`Webhooks go to ${url}`);
    if (url !== undefined && given === undefined) terminal.out(`They are signed with ${secret} (STRIPE_WEBHOOK_SECRET of the shop)`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    return 0;
  },
};

async function started(options: StripeSandboxOptions): Promise<StripeSandbox> {
  const { startStripeSandbox } = await importSandbox();
  try {
    return await startStripeSandbox(options);
  } catch (error) {
    throw new LedgerError('invalid_input', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function importSandbox(): Promise<typeof import('@paidonce/sandbox')> {
  try {
    return await import('@paidonce/sandbox');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing) throw error;
    throw new LedgerError('invalid_input', 'The sandbox is not installed. Run: npm install --save-dev @paidonce/sandbox', { cause: error });
  }
}
