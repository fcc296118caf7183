// `paidonce-stripe reconcile`: compares every payment and subscription in scope with the ledger, and the reverse.
import { type Command, jsonOption } from '@paidonce/ledger/command-line';
import type { Mismatch, MismatchKind } from '../operations/compare-payment.ts';
import type { SubscriptionMismatch, SubscriptionMismatchKind } from '../operations/compare-subscription.ts';
import { reconcile } from '../operations/reconcile.ts';
import { shopOptions, sinceIn, withShop } from './command-context.ts';

const labels: Readonly<Record<MismatchKind, string>> = {
  paid_without_grant: 'paid without a grant',
  granted_without_payment: 'granted without a payment',
  amount_differs: 'amounts differ',
  refunded_but_active: 'refunded but active',
};

const subscriptionLabels: Readonly<Record<SubscriptionMismatchKind, string>> = {
  paid_not_extended: 'paid, but not extended',
  extended_without_payment: 'active without a payment',
  given_back_but_active: 'given back but active',
  ended_but_paid: 'ended, but paid',
  plan_differs: 'plans differ',
  state_differs: 'states differ',
  not_adopted: 'not in the ledger',
  two_living: 'two living ones',
};

export const reconcileCommand: Command = {
  positionals: [],
  details: [
    'Looks at every movement of the balance and every completed session since then, and at every active membership that',
    'was granted for a payment since then: on the account of the key, and on those connected to it that have orders here.',
    'Where the ledger keeps subscriptions, every one at Stripe is compared too, whatever its age, and every active one of the ledger.',
    'The ledger itself judges, in a dry run, what the state at Stripe would add. Fees, payouts and transfers are not compared.',
    'Exits 0: all agree; 3: some do not; 2: it could not run, or could not read all, so nothing is proved.',
  ],
  options: {
    since: { value: 'TIME', help: '30d, 12h or 2026-11-01. Default: 30d' },
    repair: { help: 'what Stripe says goes into the ledger as an observation; what only a person can decide is left' },
    ...shopOptions,
    ...jsonOption,
  },
  run: (invocation) =>
    withShop(invocation, async ({ store, ledger, work }) => {
      const { options, terminal } = invocation;
      const since = sinceIn(options.text('since') ?? '30d', ledger.runtime.now());
      const result = await reconcile(work, store, {
        since,
        repair: options.flag('repair'),
        onProgress: (what, count) => terminal.progress(what, count),
      });
      terminal.endProgress();
      if (options.flag('json')) terminal.out(JSON.stringify(result));
      else {
        for (const mismatch of result.mismatches) terminal.out(lineOf(mismatch));
        for (const mismatch of result.subscriptionMismatches) terminal.out(subscriptionLineOf(mismatch));
        const { payments, memberships, manual, notOurs, calls, mismatches, subscriptions, subscriptionMismatches } = result;
        const ofSubscriptions = subscriptions === 0 ? '' : ` ${subscriptions} subscriptions: ${subscriptionMismatches.length} differ.`;
        terminal.out(
          `${payments} payments and ${memberships} memberships (${manual} by hand) since ${result.since}: ${mismatches.length} differ.${ofSubscriptions} ${notOurs} payments of others; ${calls} calls.`,
        );
      }
      for (const name of result.unproved) terminal.err(unprovedLine(name));
      if (result.unproved.length > 0) return 2;
      return result.mismatches.length + result.subscriptionMismatches.length === 0 ? 0 : 3;
    }),
};

function unprovedLine(name: string): string {
  return name.startsWith('acct_')
    ? `Our key may not read ${name}, which has orders here: nothing is proved of it.`
    : `${name} cannot be read: nothing is proved of it. Is the package of Stripe older than the account's API version?`;
}

function lineOf({ kind, paymentId, orderId, stripe, ledger, repaired }: Mismatch): string {
  const of = orderId === undefined ? '' : ` of order ${orderId}`;
  return `${labels[kind]}: ${paymentId}${of} · Stripe: ${stripe} · ledger: ${ledger}${fateOf(repaired)}`;
}

function subscriptionLineOf({ kind, subscription, subscriptionId, stripe, ledger, repaired }: SubscriptionMismatch): string {
  const of = subscriptionId === undefined || subscriptionId === subscription ? '' : ` of subscription ${subscriptionId}`;
  return `${subscriptionLabels[kind]}: ${subscription}${of} · Stripe: ${stripe} · ledger: ${ledger}${fateOf(repaired)}`;
}

function fateOf(repaired: boolean | undefined): string {
  return repaired === undefined ? '' : repaired ? ' · repaired' : ' · still so: a person must look';
}
