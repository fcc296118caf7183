// Posts alerts to an incoming webhook of Slack, Mattermost and others. Copy it: it needs only Node.
import type { Alert } from '@paidonce/ledger';

/**
 * Makes a function for `onAlert` of `createPaymentLedger`, which gets the alerts of the Stripe adapter too.
 *
 * If the function throws, the ledger logs the error and continues. The address is a secret: everybody who knows it can post.
 * @param timeoutMs how long a post may take, in milliseconds. Default: 5,000.
 */
export function postAlerts(webhookUrl: string, timeoutMs = 5_000): (alert: Alert) => Promise<void> {
  return async ({ kind, orderId, message }) => {
    const response = await fetch(webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: `${urgency(kind)} ${kind}${orderId === undefined ? '' : ` (order ${orderId})`}: ${message}` }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The webhook for alerts answered ${response.status}. Is it still there?`);
  };
}

/** Returns a sign for how urgent the alert is. */
function urgency(kind: Alert['kind']): string {
  switch (kind) {
    case 'delivery_failing':
    case 'delivery_abandoned':
    case 'poll_failing':
    case 'expiry_blind':
    case 'clock_doubtful':
    case 'paid_after_end':
    case 'checkpoint_contradicted':
      return '🔴';
    case 'review_opened':
    case 'webhook_missed':
    case 'renewal_missed':
    case 'double_subscription':
    case 'reads_throttled':
    case 'signatures_refused':
      return '🟠';
    default: // The other kinds, and kinds of later releases.
      return '🟡';
  }
}
