// What a person must be told goes to the shop's own hook. Whatever becomes of it there, the ledger goes on.

import type { Logger } from './logger.ts';
import type { ReviewOpened } from './order/events.ts';
import { reviewSentences } from './order/review-sentences.ts';

/**
 * Why a person is told. Each message says what happened, to which id or how many, and what to do now.
 *
 * Alerts are for people, and one may be lost: the process ends before the hook is done, or the hook fails. So nothing
 * rests on them: what a lost one would have said also stands in a list, named with each kind. A later release may add
 * kinds, in a minor version: a `switch` over them needs a `default` that passes the message on, and where it is to be
 * exhaustive, the compiler tells of the new ones when you upgrade.
 */
export type AlertKind =
  /**
   * The shop did not take an order's newest decision six times in a row (about half a minute, where `deliver` fails at
   * once), or processes ended in the attempt. Once for each decision, and once more after each `redeliver` by a person. Mend
   * `deliver`; it is tried on. List: `ledger.undelivered()`.
   */
  | 'delivery_failing'
  /** After 72 h of that nobody tries any more. Once. Mend `deliver`, then call `redeliver`. List: `ledger.undelivered()`. */
  | 'delivery_abandoned'
  /**
   * A payment waits for a person. Once for each review, by the process that opened it. Look at the order, then call
   * `resolveReview`. List: `ledger.reviews()`.
   */
  | 'review_opened'
  /**
   * The poll gave access on payments of which no webhook had told two minutes later. Once for each order, by a process that
   * lives on; one alert for all that a pass finds. Run `paidonce-stripe doctor`, which looks at the endpoint. List: of such an
   * order `grantedBy` is `poll`.
   */
  | 'webhook_missed'
  /**
   * Rounds of a tier failed three times in a row in this process. Once, until one ends well. Mend what the message says;
   * nothing is lost, the next round reads the same again. List: `paidonce-stripe doctor`.
   */
  | 'poll_failing'
  /**
   * Ten webhooks in a row with signatures that are not of our secrets, and none good in between: a secret was rotated,
   * or the clock is wrong. Once an hour at most in each process. Anybody can cause it too. List: the failed deliveries
   * in the provider's dashboard; `paidonce-stripe doctor` looks at secrets and clock.
   */
  | 'signatures_refused'
  /**
   * An object of the provider could not be read, and is kept by id. Once for each object and place in it. Upgrade the
   * adapter, then run `paidonce-stripe recheck`. List: the streams `unreadable-…`, which `paidonce export` shows.
   */
  | 'object_not_understood'
  /**
   * A stream cannot be read, so what was held for an order is not handed on. Each time that a process starts to follow
   * the log there. Run `paidonce verify`, which lists it; where a newer release wrote it, upgrade.
   */
  | 'roll_forward_failed'
  /**
   * The read models stopped at an event that they cannot read: lists grow old, decisions stay right. Once in each
   * process. Run `paidonce verify`, which lists it. `lagMs` of every list tells how old it is.
   */
  | 'read_models_stuck'
  /** Checkpoints are not signed for now. At each failure. Mend what the message says. List: the checkpoint file, whose newest is old. */
  | 'checkpoint_failed'
  /** The log is not the one that was signed before. Once in each process. List: `paidonce verify --checkpoints FILE`. */
  | 'checkpoint_contradicted';

export interface Alert {
  readonly kind: AlertKind;
  readonly orderId?: string;
  /** A sentence or three, in English. Holds ids and counts, no personal data. */
  readonly message: string;
}

/** Answers once the hook has; never rejects. */
export function alertSender(onAlert: ((alert: Alert) => unknown) | undefined, log: Logger): (alert: Alert) => Promise<void> {
  return async (alert) => {
    try {
      await onAlert?.(alert); // An async hook passes the types; a rejection that nobody hears would end the process.
    } catch (error) {
      log.error({ err: error, alert }, 'onAlert failed; nobody was told');
    }
  };
}

export function reviewAlert(orderId: string, { reviewId, kind, payment }: ReviewOpened): Alert {
  const message = `Order ${orderId} waits for a person: ${reviewSentences[kind]} (${kind}, payment ${payment.id}). Look at it with \`paidonce explain ${orderId}\`, then end it in the console or with \`paidonce-stripe resolve ${orderId} ${reviewId}\``;
  return { kind: 'review_opened', orderId, message };
}
