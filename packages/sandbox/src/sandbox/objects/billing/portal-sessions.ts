// Sessions of the billing portal: a page where a customer cancels, changes the plan and the card, and pays what is open.
import type Stripe from 'stripe';
import type { Call, Route } from '../../api/route.ts';
import { missingParameter } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import { readCustomer } from '../customers.ts';
import { emit } from '../events.ts';

/** The address depends on the server's, which may change with a restart. */
export function renderPortalSession({ baseUrl }: Model, session: Stripe.BillingPortal.Session): Stripe.BillingPortal.Session {
  return { ...session, url: `${baseUrl}/p/session/${session.id}` };
}

function create({ model, parameters }: Call): object {
  const customer = readCustomer(model, parameters);
  if (customer === null) throw missingParameter('customer');
  parameters.refused('The portal of the sandbox has one page, and no flows.', 'flow_data');
  parameters.refused('The sandbox has no configurations of the portal.', 'configuration');
  parameters.ignored('locale');
  const session = model.state.portalSessions.put({
    id: model.newId('bps_'),
    object: 'billing_portal.session',
    configuration: `bpc_${model.account.slice(-14)}`,
    created: model.clock.nowSeconds(),
    customer,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: parameters.url('return_url') ?? null,
    url: '',
  });
  const rendered = renderPortalSession(model, session);
  emit(model, 'billing_portal.session.created', rendered, { group: session.id, fate: 'delivered' });
  return rendered;
}

export const portalRoutes: readonly Route[] = [{ method: 'POST', path: '/v1/billing_portal/sessions', handle: create }];
