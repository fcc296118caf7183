// `paidonce-stripe sandbox`: runs the local Stripe alone, until it is interrupted. The sandbox is a package for
// development; it is imported on demand, so that all other commands run where it is not installed.
import { once } from 'node:events';
import { LedgerError } from '@paidonce/ledger';
import type { Command } from '@paidonce/ledger/command-line';
import type { StripeSandbox, StripeSandboxOptions } from '@paidonce/sandbox';

export const sandboxCommand: Command = {
  name: 'sandbox',
  positionals: [],
  summary: 'start a local Stripe on 127.0.0.1, and send its webhooks to a shop',
  options: {
    port: { value: 'PORT', help: 'default: any free one' },
    state: { value: 'FILE', help: 'a file in which everything survives a restart. Default: memory' },
    webhook: { value: 'URL', help: 'where its webhooks go' },
    secret: { value: 'WHSEC', help: 'what signs them. Default: STRIPE_WEBHOOK_SECRET, else whsec_sandbox' },
  },
  run: async ({ options, env, terminal }) => {
    const port = options.text('port');
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
      throw new LedgerError('invalid_input', `--port is ${JSON.stringify(port)}; it must be a number up to 65535`);
    }
    const url = options.text('webhook');
    const secret = options.text('secret') ?? env['STRIPE_WEBHOOK_SECRET'] ?? 'whsec_sandbox';
    const stateFile = options.text('state');
    await using sandbox = await started({
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(stateFile === undefined ? {} : { stateFile }),
      ...(url === undefined ? {} : { webhookEndpoints: [{ url, secret }] }),
    });
    terminal.out(`Stripe sandbox: ${sandbox.url} (its state: ${sandbox.url}/_sandbox)`);
    terminal.out(`new Stripe('sk_test_123456789012', { host: '127.0.0.1', port: ${sandbox.port}, protocol: 'http' })`);
    if (url !== undefined) terminal.out(`Webhooks go to ${url}`);
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
