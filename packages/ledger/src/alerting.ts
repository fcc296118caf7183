// What a person must be told goes to the shop's own hook; who raises it writes it to the log too. Whatever becomes of it there, the ledger goes on.
import type { ReviewOpened } from './order/events.ts';
import type { Alert, Log } from './payment-ledger.ts';

export function alerting(onAlert: ((alert: Alert) => unknown) | undefined, log: Log): (alert: Alert) => void {
  async function pass(alert: Alert): Promise<void> {
    await onAlert?.(alert); // An async hook passes the types; a rejection that nobody hears would end the process.
  }
  return (alert) => {
    pass(alert).catch((error: unknown) => log.error({ err: error, alert }, 'onAlert failed; nobody was told'));
  };
}

/** For those who have nothing to add in the log. */
export function loggedAlerting(log: Log, onAlert: (alert: Alert) => void): (alert: Alert) => void {
  return (alert) => {
    const { message, ...fields } = alert;
    log.warn(fields, message);
    onAlert(alert);
  };
}

export function reviewAlert(orderId: string, { reviewId, kind, payment }: ReviewOpened): Alert {
  const message = `Order ${orderId}: payment ${payment.id} waits for a person (${kind.replaceAll('_', ' ')}, review ${reviewId}). Look with \`paidonce explain ${orderId}\`, then end it in the console or by \`paidonce-stripe resolve ${orderId} ${reviewId}\``;
  return { kind: 'review_opened', orderId, message };
}
