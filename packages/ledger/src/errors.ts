// The one error class of the ledger, and the assertion that stays on in production.

export type LedgerErrorCode =
  | 'invalid_input'
  | 'order_unknown'
  | 'store_busy'
  | 'store_unavailable'
  | 'store_full'
  | 'contention'
  | 'amount_differs'
  | 'already_paid'
  | 'payment_under_way'
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

/** Stays on in production: a log that breaks a law is read no further. One condition a call. */
export function invariant(holds: boolean, broken: string): asserts holds {
  if (!holds) throw new LedgerError('corrupt', `${broken}. Stop the writers and keep the log as it is.`);
}
