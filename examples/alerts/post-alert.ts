// Alerts to an incoming webhook, as Slack, Mattermost and others give one. Copy it: it needs Node alone.
import type { Alert } from '@paidonce/ledger';

/**
 * For `onAlert` of `createPaymentLedger`, which hears the Stripe adapter too.
 *
 * What it throws the ledger writes to its log, and goes on. The address is a secret: who knows it can post.
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

/** What may wait until the morning, and what may not. */
function urgency(kind: Alert['kind']): string {
  switch (kind) {
    case 'delivery_failing':
    case 'delivery_abandoned':
    case 'poll_failing':
    case 'checkpoint_contradicted':
      return '🔴';
    case 'review_opened':
    case 'webhook_missed':
    case 'signatures_refused':
      return '🟠';
    default: // The others, and kinds of later releases.
      return '🟡';
  }
}
