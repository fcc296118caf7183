// What may go wrong in a run, because the run causes it: errors after which a caller tries again, and alerts.
import type { AlertKind } from '../../alerts.ts';
import type { LedgerErrorCode } from '../../errors.ts';

/** The errors after which a caller tries again. Any other error is a fault of the ledger. */
export const transientErrors: ReadonlySet<LedgerErrorCode> = new Set([
  'store_unavailable',
  'store_busy',
  'store_full',
  'log_went_back',
  'contention',
  'closed',
  'order_unknown',
  'provider_unavailable',
  'already_paid',
  'payment_under_way',
]);

/** The alerts that these runs cause. The other alerts mean that the log cannot be read, or is a different one. */
export const foreseen: ReadonlySet<AlertKind> = new Set([
  'delivery_failing',
  'log_behind_shop',
  'log_went_back',
  'review_opened',
  'same_plan_twice',
  'webhook_missed',
  'poll_failing',
  'reads_throttled',
  'signatures_refused',
]);

/** The alerts of a release that meets events of a newer one. */
export const foreseenOfOlder: ReadonlySet<AlertKind> = new Set(['roll_forward_failed', 'read_models_stuck']);
