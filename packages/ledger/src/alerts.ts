// Alerts for people: their kinds, and how they reach the shop's own hook. Whatever the hook does, the ledger goes on.

import type { Logger } from './logger.ts';
import type { ReviewOpened } from './order/events.ts';
import { reviewSentences } from './order/review-sentences.ts';

/**
 * Why a person is alerted. Each message says what happened, to which id or how many, and what to do now.
 *
 * An alert may be lost: the process may end before the hook is done, or the hook may fail. So nothing depends on alerts. What
 * a lost one reports is also in a list, which each kind below names. A later minor version may add kinds: a `switch` over
 * them needs a `default` that passes the message on. If the `switch` is exhaustive, the compiler reports new kinds when you
 * upgrade.
 */
export type AlertKind =
  /**
   * Delivery of an order's newest decision failed six times in a row (about half a minute, if `deliver` fails at once), or
   * processes ended in the attempt. Sent once for each decision, and once more after each `redeliver` by a person. Fix
   * `deliver`; the ledger keeps trying. List: `ledger.undelivered()`.
   */
  | 'delivery_failing'
  /** After 72 h of failures no process tries any more. Sent once. Fix `deliver`, then call `redeliver`. List: `ledger.undelivered()`. */
  | 'delivery_abandoned'
  /**
   * The shop has decisions of an order that this log does not have: the log is older than the shop, as after a restore from a
   * backup. The membership of now is decided above them, and delivered. Sent once for each order that is found so. Follow
   * docs/operate/after-a-restore.md, which brings back what the log lacks. List: `paidonce compare`.
   */
  | 'log_behind_shop'
  /**
   * A payment waits for a person's decision. Sent once for each review, by the process that opened it. Read the order, then
   * call `resolveReview`. List: `ledger.reviews()`.
   */
  | 'review_opened'
  /**
   * The poll gave access for payments that no webhook had reported two minutes later. Sent once for each order, by a process
   * that runs on; one alert covers all that a pass finds. Run `paidonce-stripe doctor`, which checks the endpoint. List: the
   * orders whose `grantedBy` is `poll`.
   */
  | 'webhook_missed'
  /**
   * The poll found the paid invoices of subscriptions that no webhook had reported two minutes later. Nobody was locked out. Sent
   * once for each renewal, by a process that runs on; one alert covers all that a pass finds. Run `paidonce-stripe doctor`, which
   * checks the endpoint and its types. List: `subscription(…).periods`, and `paidonce explain`.
   */
  | 'renewal_missed'
  /**
   * Memberships of subscriptions wait for their end or their renewal, and for 72 h nobody could look at them at the provider: none
   * ends here, while `validUntil` passes at the shop. Sent once a day at most in each process. Let a process poll, or call `sweep`;
   * repair what `poll_failing` names. List: `backlog().due`.
   */
  | 'expiry_blind'
  /**
   * The provider's clock jumped far ahead, or its answers bear no date. Until it is settled no membership ends and no state of a
   * subscription is taken; payments count. Sent once a day at most in each process. Find what answers in its place. List:
   * `backlog().doubtful`.
   */
  | 'clock_doubtful'
  /**
   * A member has two living subscriptions of a kind, or two that name the same subscription of the shop: both are paid, and both
   * give access. Sent once for each review, by the process that opened it. Ask the member, and cancel one of them at the provider.
   * List: `ledger.subscriptionReviews()`.
   */
  | 'double_subscription'
  /**
   * An invoice of a subscription was paid after its end: somebody paid, and is out. Sent once for each review, by the process that
   * opened it. Accept the invoice, or give the money back. List: `ledger.subscriptionReviews()`.
   */
  | 'paid_after_end'
  /**
   * Rounds of a tier failed three times in a row in this process. Sent once, until a round succeeds. Fix what the message
   * names; nothing is lost, since the next round reads the same again. List: `paidonce-stripe doctor`.
   */
  | 'poll_failing'
  /**
   * An account on which an order waits for its payment has spent its part of the read budget, so a tier of the poll comes
   * there less often than it should. Sent once, until no tier is; then once a day at most in each process. Raise
   * `poll.readsPer30Days` if Stripe's allowance has room. List: `budgetLeft` in the events `SweepFinished`, which `paidonce
   * export` shows.
   */
  | 'reads_throttled'
  /**
   * Ten webhooks in a row had signatures that none of our secrets made: a secret was rotated, or the clock is wrong. Anybody
   * can cause it too. Sent once an hour at most in each process. List: the failed deliveries in the provider's dashboard;
   * `paidonce-stripe doctor` checks secrets and clock.
   */
  | 'signatures_refused'
  /**
   * An object of the provider could not be read, and is recorded by its id. Sent once for each object, API version and path.
   * Upgrade the adapter, then run `paidonce-stripe recheck`. List: the streams `unreadable-…`, which `paidonce export` shows.
   */
  | 'object_not_understood'
  /**
   * Another ledger makes objects in the same account of the provider, under the same scope. They are not ours. Sent once for
   * each such ledger, by each process. Give each program a scope of its own; if it is the log that this shop has lost, pass its
   * id as `formerLedgers`. List: `paidonce-stripe doctor`.
   */
  | 'other_ledger'
  /**
   * Streams cannot be read, so what is held for their orders is not handed on. It is kept, and tried again each minute. Sent by
   * each process once for each cause, with the number of streams, and again an hour later if there are more. Upgrade if a newer
   * release wrote them; else run `paidonce verify`, which lists what is damaged, and repair it. List: `paidonce verify`.
   */
  | 'roll_forward_failed'
  /**
   * The read models stopped at an event that they cannot read: lists become outdated, decisions stay right. Sent once, until
   * reading goes on. Run `paidonce verify`, which lists the event. `lagMs` of every list says how old the list is.
   */
  | 'read_models_stuck'
  /**
   * A member was granted a plan by two orders that were paid within `duplicateWithinHours` of each other. Sent once for the
   * later order, by the process that granted it (by each one where no process has a `deliver`). Ask the member, and refund one
   * of them. List: `ledger.duplicates()`.
   */
  | 'same_plan_twice'
  /**
   * The last event that this process was acknowledged, or has read, is gone from the log, as where a backup is put back under a
   * running process. It refuses all calls. Sent once in each process. Restart the processes, and follow
   * docs/operate/after-a-restore.md. List: the error code of every call, `/health`.
   */
  | 'log_went_back'
  /**
   * Somebody deleted a stream of the ledger on the server for ever (EventStoreDB calls it a tombstone). What that stream told can be
   * neither read nor written any more in this log; all other orders go on. Sent once for each stream by each process that reads
   * past it. Stop scavenges, and follow docs/operate/eventstoredb.md: a copy of the log has what no scavenge has removed. List:
   * `paidonce verify`.
   */
  | 'stream_deleted'
  /**
   * No checkpoint could be signed, or `onCheckpoint` failed or has not ended after 30 seconds. Sent at the first of several failures
   * in a row. Fix what the message names. List: the checkpoint file, whose end is old.
   */
  | 'checkpoint_failed'
  /** The log differs from the one that was signed before. Sent once in each process. List: `paidonce verify --checkpoints FILE`. */
  | 'checkpoint_contradicted';

/** What `onAlert` is called with: something that a person must act on, or has to know. */
export interface Alert {
  readonly kind: AlertKind;
  /** The order concerned. Absent: the alert concerns no single order. */
  readonly orderId?: string;
  /** The subscription concerned. Absent: the alert concerns no single subscription. */
  readonly subscriptionId?: string;
  /** One to three sentences in English. Contains ids and counts, no personal data. */
  readonly message: string;
}

/**
 * Makes a function that passes alerts to the hook. It resolves when the hook has ended, and never rejects: failures are logged.
 * @param onSent called first, with each alert.
 */
export function alertSender(
  onAlert: ((alert: Alert) => unknown) | undefined,
  log: Logger,
  onSent?: (alert: Alert) => void,
): (alert: Alert) => Promise<void> {
  return async (alert) => {
    onSent?.(alert);
    try {
      await onAlert?.(alert); // Awaited, since the types allow an async hook: an unhandled rejection would end the process.
    } catch (error) {
      log.error({ err: error, alert }, 'onAlert failed; the alert reached nobody');
    }
  };
}

/** The alert for a review that was just opened. */
export function reviewAlert(orderId: string, { reviewId, kind, payment }: ReviewOpened): Alert {
  const message = `Order ${orderId} waits for a person: ${reviewSentences[kind]} (${kind}, payment ${payment.id}). Look at it with \`paidonce explain ${orderId}\`, then end it in the console or with \`paidonce-stripe resolve ${orderId} ${reviewId}\``;
  return { kind: 'review_opened', orderId, message };
}
