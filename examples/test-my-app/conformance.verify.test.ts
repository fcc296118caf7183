import { assertConforms, type PlacedOrder, runConformance } from '@paidonce/sandbox/conformance';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { startApp } from './app.ts';

test('the app keeps what it promises, and what it cannot do is named', async () => {
  let played = 0;

  // #region conformance
  const report = await runConformance<PlacedOrder & { readonly memberId: string }>(
    async ({ clientConfig, secretKey, webhookSecret }) => {
      const app = await startApp({ stripe: new Stripe(secretKey, { ...clientConfig }), webhookSecret });
      let customers = 0;
      return {
        webhookUrl: `${app.url}/webhooks/stripe`,
        startOrder: async () => {
          customers += 1;
          const memberId = `member-${customers}`;
          return { memberId, ...(await app.buy(memberId)) };
        },
        hasAccess: async ({ memberId }) => app.hasAccess(memberId),
        timesGranted: async ({ memberId }) => app.welcomes(memberId),
        askStatus: async ({ sessionId }) => fetch(`${app.url}/payment/status/${sessionId}`),
        poll: () => app.poll(),
        settled: () => app.settled(),
        close: () => app.close(),
      };
    },
    { policy: { partialRefund: 'keeps', lostDispute: 'ends' }, onResult: () => (played += 1) },
  );
  assertConforms(report, { mayBeSkipped: ['first-session-expired', 'restart', 'restart-and-replay'] });
  // #endregion conformance

  expect(played).toBeGreaterThan(25);
});
