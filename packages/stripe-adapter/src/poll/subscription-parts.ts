// What a round of a tier of subscriptions works with.
import { LedgerError } from '@paidonce/ledger';
import type { PollSubscriptions, Round } from './round.ts';

/** @throws LedgerError `invalid_input`: the ledger keeps no subscriptions; no such round begins there. */
export function subscriptionsOf({ tier, parts }: Round): PollSubscriptions {
  const { subscriptions } = parts;
  if (subscriptions) return subscriptions;
  throw new LedgerError(
    'invalid_input',
    `${tier} is read for a ledger with subscriptions. Give createPaymentLedger the option \`subscriptions\``,
  );
}
