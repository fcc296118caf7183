// The program `paidonce-stripe` and its commands.
import { readFileSync } from 'node:fs';
import { type CommandEntry, type ExitCode, type ProgramContext, runProgram } from '@paidonce/ledger/command-line';

const commands: readonly CommandEntry[] = [
  {
    name: 'reconcile',
    summary: 'compare payments and memberships, both ways; with --repair record what the ledger has missed',
    load: async () => (await import('./reconcile-command.ts')).reconcileCommand,
  },
  {
    name: 'backfill',
    summary: 'bring in paid orders that never became members, and orders from before the ledger',
    load: async () => (await import('./backfill-command.ts')).backfillCommand,
  },
  {
    name: 'import',
    summary: 'take over subscriptions that the shop runs by its own webhooks, without a second welcome',
    load: async () => (await import('./import-command.ts')).importCommand,
  },
  {
    name: 'recheck',
    summary: 'ask Stripe again about one order or subscription, or about one object that could not be read (cs_…, re_…, sub_…, in_…)',
    load: async () => (await import('./recheck-command.ts')).recheckCommand,
  },
  {
    name: 'observe',
    summary: 'state by hand that an order is paid; who stated it and why stays in the log',
    load: async () => (await import('./observe-command.ts')).observeCommand,
  },
  {
    name: 'move',
    summary: 'give a payment to the order that it was for; who stated it and why stays in the log',
    load: async () => (await import('./move-command.ts')).moveCommand,
  },
  {
    name: 'resolve',
    summary: 'end a review: the payment counts, or does not; who stated it and why stays in the log',
    load: async () => (await import('./resolve-command.ts')).resolveCommand,
  },
  {
    name: 'doctor',
    summary: 'look at key, mode, permissions, clock, webhook endpoints and secrets, and say what to do',
    load: async () => (await import('./doctor-command.ts')).doctorCommand,
  },
  {
    name: 'sandbox',
    summary: 'start a local Stripe on 127.0.0.1, and send its webhooks to a shop',
    load: async () => (await import('./sandbox-command.ts')).sandboxCommand,
  },
];

async function versions(): Promise<readonly string[]> {
  const [{ default: Stripe }, { apiVersion }] = await Promise.all([import('stripe'), import('../stripe/client.ts')]);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return [
    `@paidonce/stripe-adapter ${version}`,
    `Node ${process.versions.node}, stripe ${Stripe.PACKAGE_VERSION}, API version ${apiVersion}`,
  ];
}

export function paidonceStripe(args: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const about = 'Stripe and a PaidOnce ledger, compared and repaired. Each change goes through the ledger’s one write path.';
  return runProgram({ name: 'paidonce-stripe', about, commands, versions }, args, context);
}
