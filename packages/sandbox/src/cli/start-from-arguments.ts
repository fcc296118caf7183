// Starts the sandbox as a command line asks for it: `paidonce-sandbox`, and `paidonce-stripe sandbox`, which has the same options.
import { randomBytes } from 'node:crypto';
import { defined } from '../defined.ts';
import { type StripeSandbox, startStripeSandbox } from '../sandbox/sandbox.ts';

/** The options of the command line, as text. */
export interface SandboxArguments {
  readonly port?: string | undefined;
  readonly state?: string | undefined;
  readonly webhook?: string | undefined;
  readonly secret?: string | undefined;
  readonly hosts?: string | undefined;
}

/** The name of each option, what it takes, and what it does. */
export const sandboxOptions: Readonly<Record<keyof SandboxArguments, { readonly value: string; readonly help: string }>> = {
  port: { value: 'PORT', help: 'default: any free one' },
  state: { value: 'FILE', help: 'a file in which everything survives a restart. Default: memory' },
  webhook: { value: 'URL', help: 'where its webhooks go' },
  secret: { value: 'WHSEC', help: 'what signs them; it begins with whsec_sandbox. Default: a random one, which is printed' },
  hosts: {
    value: 'NAMES',
    help: 'the names by which others reach it, with commas between. Default: SANDBOX_HOSTS, else this machine alone',
  },
};

/** A sandbox that was started, and the lines that say how it is reached. */
export interface StartedSandbox {
  readonly sandbox: StripeSandbox;
  readonly lines: readonly string[];
}

/** @throws Error whose message says which argument cannot be used. */
export async function startFromArguments(given: SandboxArguments, env: NodeJS.ProcessEnv): Promise<StartedSandbox> {
  const { port, state: stateFile, webhook: url } = given;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new Error(`--port is ${JSON.stringify(port)}; it must be a number up to 65535`);
  }
  // A secret of Stripe's own would let whoever reaches the sandbox make events that a real shop believes.
  if (given.secret !== undefined && !given.secret.startsWith('whsec_sandbox'))
    throw new Error('--secret must begin with whsec_sandbox: the sandbox signs with no secret of Stripe itself');
  const secret = given.secret ?? `whsec_sandbox_${randomBytes(24).toString('hex')}`;
  const hosts = (given.hosts ?? env['SANDBOX_HOSTS'])?.split(',').map((name) => name.trim());
  const sandbox = await startStripeSandbox({
    ...(port === undefined ? {} : { port: Number(port) }),
    ...defined({ stateFile, hosts }),
    ...(url === undefined ? {} : { webhookEndpoints: [{ url, secret }] }),
  });
  return {
    sandbox,
    lines: [
      `Stripe sandbox: ${sandbox.url} (its state: ${sandbox.url}/_sandbox)`,
      `new Stripe('sk_test_123456789012', { host: '127.0.0.1', port: ${sandbox.port}, protocol: 'http' })`,
      ...(url === undefined ? [] : [`Webhooks go to ${url}`]),
      ...(url === undefined || given.secret !== undefined ? [] : [`They are signed with ${secret} (STRIPE_WEBHOOK_SECRET of the shop)`]),
    ],
  };
}
