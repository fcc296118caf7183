// What Stripe Billing has and the sandbox has not, refused by name: a test must not pass on something that is not there.
import type { Route } from '../../api/route.ts';
import { invalidRequest } from '../../api/stripe-error.ts';

const MISSING: Readonly<Record<string, string>> = {
  '/v1/subscription_schedules': 'subscription schedules: change the subscription itself when its time has come',
  '/v1/quotes': 'quotes: create the subscription, or a Checkout session',
  '/v1/test_helpers/test_clocks': 'test clocks: its own clock can be advanced (POST /_sandbox/clock/advance)',
  '/v1/billing/meters': 'meters: a metered price costs nothing here, whatever was used',
  '/v1/billing/meter_events': 'meter events: a metered price costs nothing here, whatever was used',
  '/v1/billing/alerts': 'billing alerts',
  '/v1/billing/credit_grants': 'billing credits: a customer has a balance',
  '/v1/entitlements/active_entitlements': 'entitlements',
  '/v1/invoices/create_preview': 'previews of invoices: make the change, and look at its invoice',
};

function refusing(what: string): Route['handle'] {
  return () => {
    throw invalidRequest(`The sandbox has no ${what}.`);
  };
}

export const notHereRoutes: readonly Route[] = Object.entries(MISSING).flatMap(([path, what]) => {
  const handle = refusing(what);
  return [
    { method: 'GET' as const, path, handle },
    { method: 'POST' as const, path, handle },
    { method: 'GET' as const, path: `${path}/:id`, handle },
    { method: 'POST' as const, path: `${path}/:id`, handle },
  ];
});
