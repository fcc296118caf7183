// `paidonce-stripe doctor`: what is wrong with how the shop is wired to Stripe, and what to do.

import { systemRuntime } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { type Coloured, type Command, jsonOption } from '@paidonce/ledger/command-line';
import type { Diagnosis } from '../operations/diagnosis.ts';
import { diagnose } from '../operations/doctor.ts';
import { logTo, marksIn, openStripe, shopOptions, withLedger } from './command-context.ts';

const marks: Readonly<Record<Diagnosis['state'], Coloured>> = {
  good: { colour: 'green', text: 'good    ' },
  problem: { colour: 'red', text: 'PROBLEM ' },
  unknown: { colour: 'yellow', text: 'unknown ' },
};

export const doctorCommand: Command = {
  positionals: [],
  details: [
    'It also names other ledgers whose objects bear our scope. STRIPE_WEBHOOK_SECRET may hold several secrets, with commas between.',
    'Each address gets two POSTs: one without a signature, which a shop of ours refuses with 400, and an event of the type',
    'paidonce.doctor, signed with the secret, which it takes with 2xx and ignores: so the secret is proved.',
    'Exits 0: all was looked at, and nothing is wrong; 3: something is; 2: something could not be looked at, or it could not run.',
  ],
  options: {
    url: { value: 'URL', help: 'where Stripe should send webhooks to. Default: every endpoint of the account' },
    'no-store': { help: 'look at Stripe alone: there is no ledger here' },
    ...shopOptions,
    ...jsonOption,
  },
  run: async (invocation) => {
    const { options, env, terminal } = invocation;
    if (options.flag('no-store')) options.refuse(['store'], 'names a log, and --no-store says that there is none. Leave one of them out');
    const stripe = openStripe(invocation);
    const url = options.text('url');
    const asked = {
      stripe,
      secretKey: env['STRIPE_SECRET_KEY'] ?? '',
      webhookSecrets: (env['STRIPE_WEBHOOK_SECRET'] ?? '').split(',').filter((secret) => secret.trim() !== ''),
      log: logTo(invocation),
      runtime: { ...systemRuntime, ...invocation.runtime },
      ...marksIn(invocation),
      ...defined({ webhookUrl: url }),
    };
    const found = options.flag('no-store')
      ? await diagnose(asked)
      : await withLedger(invocation, ({ ledger }) => diagnose({ ...asked, ledger }));
    if (options.flag('json')) terminal.out(JSON.stringify(found));
    else for (const each of found) terminal.out(marks[each.state], lineOf(each));
    if (found.some(({ state }) => state === 'problem')) return 3;
    return found.some(({ state }) => state === 'unknown') ? 2 : 0;
  },
};

function lineOf({ what, found, remedy }: Diagnosis): string {
  return `${what}: ${found}${remedy === undefined ? '' : `. ${remedy}`}`;
}
