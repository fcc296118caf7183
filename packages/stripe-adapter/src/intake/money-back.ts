// A refund or a dispute of a payment of a subscription. What takes money back ends access by its time alone, so that time must be
// Stripe's as much as that of a look.
import type { Statement } from '@paidonce/ledger';
import { defined, type SubscriptionObservation, type SubscriptionReference, type SubscriptionStatement } from '@paidonce/ledger/adapter';
import type { Provenance } from '../mapping/provenance.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { IntakeResult } from './intake-result.ts';
import { inDoubt, type ProviderClock } from './provider-clock.ts';

interface MoneyBackParts {
  readonly subscriptions: {
    subscriptionOf(reference: string): Promise<{ readonly reference?: SubscriptionReference } | undefined>;
    observeSubscription(observation: SubscriptionObservation): Promise<IntakeResult>;
  };
  readonly accounts: Accounts;
  readonly clock: ProviderClock;
}

/**
 * Undefined: it is of no subscription that has begun, as far as the ledger knows.
 *
 * @throws LedgerError as `SubscriptionIntake.take`, and `invalid_input`: the ledger cannot take what Stripe says.
 */
export async function takeMoneyBack(
  { payment, fact, asOf, occurredAt, evidence }: Statement,
  { account, source, form, isUndated }: Provenance,
  { subscriptions, accounts, clock }: MoneyBackParts,
): Promise<IntakeResult | undefined> {
  if (fact.kind === 'attempt') return undefined;
  const subscription = (await subscriptions.subscriptionOf(payment.id))?.reference;
  if (subscription === undefined) return undefined;
  const statement: SubscriptionStatement = { fact: { ...fact, payment }, asOf, evidence, ...defined({ occurredAt }) };
  const calls = await accounts.calls(account);
  const isDoubtful = isUndated ?? (await clock.isDoubtful(asOf, form === undefined ? 'read' : 'event', () => calls.now()));
  const statements = isDoubtful ? inDoubt([statement]) : [statement];
  return subscriptions.observeSubscription({ subscription, statements, source });
}
