// `paidonce-stripe reconcile`: compares every payment in scope with the ledger, and the reverse.
import { type Command, jsonOption } from '@paidonce/ledger/command-line';
import type { Mismatch, MismatchKind } from '../operations/compare-payment.ts';
import { reconcile } from '../operations/reconcile.ts';
import { shopOptions, sinceIn, withShop } from './command-context.ts';

const labels: Readonly<Record<MismatchKind, string>> = {
  paid_without_grant: 'paid without a grant',
  granted_without_payment: 'granted without a payment',
  amount_differs: 'amounts differ',
  refunded_but_active: 'refunded but active',
};

export const reconcileCommand: Command = {
  positionals: [],
  details: [
    'Looks at every movement of the balance and every completed session since then, and at every active membership that',
    'was granted for a payment since then: on the account of the key, and on those connected to it that have orders here.',
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
        const { payments, memberships, manual, notOurs, calls, mismatches } = result;
        terminal.out(
          `${payments} payments and ${memberships} memberships (${manual} by hand) since ${result.since}: ${mismatches.length} differ. ${notOurs} payments of others; ${calls} calls.`,
        );
      }
      for (const name of result.unproved) terminal.err(unprovedLine(name));
      if (result.unproved.length > 0) return 2;
      return result.mismatches.length === 0 ? 0 : 3;
    }),
};

function unprovedLine(name: string): string {
  return name.startsWith('acct_')
    ? `Our key may not read ${name}, which has orders here: nothing is proved of it.`
    : `${name} cannot be read: nothing is proved of it. Is the package of Stripe older than the account's API version?`;
}

function lineOf({ kind, paymentId, orderId, stripe, ledger, repaired }: Mismatch): string {
  const fate = repaired === undefined ? '' : repaired ? ' · repaired' : ' · still so: a person must look';
  return `${labels[kind]}: ${paymentId}${orderId === undefined ? '' : ` of order ${orderId}`} · Stripe: ${stripe} · ledger: ${ledger}${fate}`;
}
