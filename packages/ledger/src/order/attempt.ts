// The attempt to pay on one checkout session or payment intent, read from the history of its order. An order may have
// several, and its own state shows the best of them.
import type { StoredEvent } from '../event-store/event-store.ts';
import { referenceName, referenceNamesOf } from '../observation.ts';
import { readOrderEvent } from './event-schemas.ts';
import { type AttemptRegister, joinFact, noFacts, terminalStatuses } from './facts.ts';

/** All statuses of an attempt, `paid` among them. */
export type AttemptStatus = AttemptRegister['status'];

/**
 * The status of the attempt, joined under law 1.
 *
 * @param history events of the order, as `ledger.history(orderId)` returns them.
 * @param reference name of the payment, or of an alias of it: at Stripe its id, such as that of its checkout session.
 * @returns undefined where no source has reported an attempt on it.
 * @throws LedgerError `corrupt`, `file_newer` for an event that cannot be read.
 */
export function attemptOf(history: readonly StoredEvent[], reference: string): AttemptStatus | undefined {
  const observed = history.flatMap((stored) => {
    if (stored.type !== 'PaymentObserved') return [];
    const event = readOrderEvent(stored);
    return event.type === 'PaymentObserved' ? [event.data] : [];
  });
  // A fact may name the payment intent alone, after an earlier one has named both.
  const payments = new Set<string>();
  for (const each of observed) if (referenceNamesOf(each).includes(reference)) payments.add(referenceName(each.payment));
  const reports = observed.filter(({ payment }) => payments.has(referenceName(payment)));
  const [first] = reports;
  return first && reports.reduce(joinFact, noFacts(first.payment)).attempt?.status;
}

/** True where no later report can change the status: canceled, expired, failed or paid. */
export function isFinalAttempt(status: AttemptStatus | undefined): boolean {
  return terminalStatuses.some((each) => each === status);
}
