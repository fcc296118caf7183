// The one error class of the ledger, and the assertion that stays on in production.

/**
 * What went wrong. The message of the error says more, and what to do now.
 * - `invalid_input`: an argument or option is wrong; the message names the field. Nothing was written.
 * - `order_unknown`, `subscription_unknown`: the order, or the subscription, is not placed.
 * - `store_busy`: the store is overloaded, or other processes hold it. Nothing was written; try again.
 * - `store_unavailable`: the store cannot be reached or used. An append may be stored or not; a retry settles it.
 * - `store_full`: the disk is full. Nothing was written.
 * - `log_went_back`: the last event that this process knew is gone from the log: a backup was put back. Restart the process.
 * - `contention`: other writers of the same stream were faster for 15 s. Nothing was written; try again.
 * - `amount_differs`, `already_paid`, `payment_under_way`: a payment adapter refuses to start a checkout. The last two also
 *   refuse to withdraw an order.
 * - `order_withdrawn`, `duplicate_order`: likewise; the order was withdrawn, or another one gives the member the same plan.
 * - `already_subscribed`: likewise a subscription; the member has a living one of that kind, or another checkout of it goes on.
 * - `not_begun`: nothing at the provider is known of the subscription yet; it is to be paid first.
 * - `belongs_to_subscription`: the payment belongs to a subscription. It is neither moved nor linked to an order. Or this process keeps
 *   no subscriptions, so it cannot record what was reported.
 * - `provider_unavailable`: a payment adapter cannot reach or use its provider.
 * - `file_newer`: a newer release wrote the file or event. Upgrade.
 * - `corrupt`: stored data breaks its format or a law. Stop the writers, keep the log as it is, run `paidonce verify`.
 * - `closed`: the ledger or the store was closed.
 */
export type LedgerErrorCode =
  | 'invalid_input'
  | 'order_unknown'
  | 'subscription_unknown'
  | 'already_subscribed'
  | 'not_begun'
  | 'belongs_to_subscription'
  | 'store_busy'
  | 'store_unavailable'
  | 'store_full'
  | 'log_went_back'
  | 'contention'
  | 'amount_differs'
  | 'already_paid'
  | 'payment_under_way'
  | 'order_withdrawn'
  | 'duplicate_order'
  | 'provider_unavailable'
  | 'file_newer'
  | 'corrupt'
  | 'closed';

/** The one error class. Branch on `code`, not on `message`. Normal outcomes are returned, not thrown. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True if another attempt soon would fail alike: the stream is damaged, was deleted, or a newer release wrote it. */
export function isUnreadable(error: unknown): error is LedgerError {
  return error instanceof LedgerError && (error.code === 'corrupt' || error.code === 'file_newer');
}

/**
 * An assertion that stays on in production: a log that breaks a law is read no further. One condition per call.
 * @param broken the first sentence of the message, without a full stop: what is wrong, and with which id.
 * @throws LedgerError `corrupt`: the condition does not hold.
 */
export function invariant(holds: boolean, broken: string): asserts holds {
  if (!holds) throw new LedgerError('corrupt', `${broken}. Stop the writers and keep the log as it is.`);
}
