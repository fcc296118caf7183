// The program `paidonce-stripe` and its commands.
import { readFileSync } from 'node:fs';
import { type Command, type ExitCode, type ProgramContext, runProgram } from '@paidonce/ledger/command-line';
import Stripe from 'stripe';
import { apiVersion } from '../stripe/client.ts';
import { backfillCommand } from './backfill-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { importCommand } from './import-command.ts';
import { moveCommand } from './move-command.ts';
import { observeCommand } from './observe-command.ts';
import { recheckCommand } from './recheck-command.ts';
import { reconcileCommand } from './reconcile-command.ts';
import { resolveCommand } from './resolve-command.ts';
import { sandboxCommand } from './sandbox-command.ts';

const commands: readonly Command[] = [
  reconcileCommand,
  backfillCommand,
  importCommand,
  recheckCommand,
  observeCommand,
  moveCommand,
  resolveCommand,
  doctorCommand,
  sandboxCommand,
];

function versions(): readonly string[] {
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
