// `/p/session/:session`, the billing portal, and `/i/:invoice`, the page that an invoice's mail leads to. The forms can be
// posted by hand, too: `curl -i -d card=success http://127.0.0.1:PORT/i/in_…`
import { parseForm } from '../api/form.ts';
import { Parameters } from '../api/parameters.ts';
import { invalidRequest, StripeApiError } from '../api/stripe-error.ts';
import type { BillingControls } from '../billing-controls.ts';
import type { SandboxCore } from '../core.ts';
import { seeOther, type WebAnswer, type WebServer } from '../web-server.ts';
import { invoicePage, portalPage } from './billing-pages.ts';
import { type Page, pageHeaders, renderDocument } from './document.ts';
import { refusalPage } from './payment-page.ts';

export function registerBillingPages(app: WebServer, core: SandboxCore, billing: BillingControls): void {
  const portal = (id: string, problem?: string): WebAnswer => {
    core.catchUp();
    const model = core.accounts.holding(id);
    const session = model.state.portalSessions.get(id);
    if (!session) return send(404, refusalPage('No such portal', 'This session of the portal is unknown to the sandbox.'));
    return send(problem === undefined ? 200 : 400, portalPage(model, session, problem));
  };
  const invoice = (id: string, problem?: string): WebAnswer => {
    core.catchUp();
    const record = core.accounts.holding(id).state.invoices.get(id);
    if (!record || record.invoice.status === 'draft')
      return send(404, refusalPage('No such invoice', 'It is unknown here, or not open yet.'));
    return send(problem === undefined ? 200 : 402, invoicePage(record, problem));
  };

  app.on('GET', '/p/session/:id', ({ id }) => portal(id));
  app.on('POST', '/p/session/:id', ({ id, body }) => {
    return refused(
      (problem) => portal(id, problem),
      () => {
        actInPortal(core, billing, id, new Parameters(parseForm(body)));
        return seeOther(`/p/session/${id}`);
      },
    );
  });
  app.on('GET', '/i/:id', ({ id }) => invoice(id));
  app.on('POST', '/i/:id', ({ id, body }) => {
    return refused(
      (problem) => invoice(id, problem),
      () => {
        const paid = billing.payInvoice(id, { card: new Parameters(parseForm(body)).string('card') ?? 'success' });
        if (paid.outcome === 'declined') return invoice(id, paid.message);
        return seeOther(paid.outcome === 'requires_action' ? paid.url : `/i/${id}`);
      },
    );
  });
}

function actInPortal(core: SandboxCore, billing: BillingControls, sessionId: string, form: Parameters): void {
  const session = core.accounts.holding(sessionId).state.portalSessions.get(sessionId);
  if (!session) throw invalidRequest('This session of the portal is unknown to the sandbox.');
  const action = form.oneOf('action', ['cancel', 'card', 'change', 'resume']);
  if (action === 'card') {
    billing.changeCard(session.customer, form.string('card') ?? 'success');
    return;
  }
  const subscription = form.requiredString('subscription');
  const known = core.accounts.holding(sessionId).state.subscriptions.get(subscription);
  if (known?.subscription.customer !== session.customer) throw invalidRequest('This subscription is not the customer’s.');
  if (action !== 'change') {
    billing.changeSubscription(subscription, `cancel_at_period_end=${action === 'cancel'}`);
    return;
  }
  const item = [
    ['id', form.requiredString('item')],
    ['price', form.requiredString('price')],
    ['quantity', form.string('quantity') ?? '1'],
  ].map(([name, value]) => `items[0][${name}]=${encodeURIComponent(value ?? '')}`);
  billing.changeSubscription(
    subscription,
    [...item, 'proration_behavior=always_invoice', 'payment_behavior=error_if_incomplete'].join('&'),
  );
}

function refused(again: (problem: string) => WebAnswer, work: () => WebAnswer): WebAnswer {
  try {
    return work();
  } catch (error) {
    if (error instanceof StripeApiError) return again(error.message);
    throw error;
  }
}

function send(status: number, page: Page): WebAnswer {
  return { status, headers: pageHeaders(), body: renderDocument(page) };
}
