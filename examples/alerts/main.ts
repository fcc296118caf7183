// Posts one real alert to your incoming webhook: about a payment that was too small, on a ledger in memory:
// ALERT_WEBHOOK_URL=https://hooks.slack.com/services/… npx node --conditions=@paidonce/source examples/alerts/main.ts
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { postAlerts } from './post-alert.ts';

const { ALERT_WEBHOOK_URL: url } = process.env;
if (!url || !URL.canParse(url)) {
  console.error('Set ALERT_WEBHOOK_URL to the address of an incoming webhook, such as https://hooks.slack.com/services/…');
  process.exit(1);
}

await using ledger = createPaymentLedger({
  eventStore: openMemoryEventStore(),
  onAlert: postAlerts(url),
  log: {
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => console.error(message, 'err' in fields ? fields.err : ''),
  },
});
const account = 'acct_example';
await ledger.placeOrder({ orderId: 'o-1', memberId: 'm-1', plan: 'year', amountMinor: 9_000, currency: 'usd', account, livemode: false });
await ledger.observePayment({
  source: 'webhook',
  payment: { provider: 'stripe', account, livemode: false, id: 'pi_example' },
  orderId: 'o-1',
  fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 8_999, currency: 'usd' } },
  asOf: new Date().toISOString(),
  evidence: { objectId: 'pi_example' },
});
