// `paidonce-stripe sandbox`: the local Stripe alone, until it is interrupted.
import { once } from 'node:events';
import { LedgerError } from '@paidonce/ledger';
import type { Command } from '@paidonce/ledger/command-line';
import { startStripeSandbox } from '../sandbox/index.ts';

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

async function started(options: Parameters<typeof startStripeSandbox>[0]): ReturnType<typeof startStripeSandbox> {
  try {
    return await startStripeSandbox(options);
  } catch (error) {
    throw new LedgerError('invalid_input', error instanceof Error ? error.message : String(error), { cause: error });
  }
}
