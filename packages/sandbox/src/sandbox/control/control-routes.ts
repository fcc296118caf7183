// `/_sandbox/…`: the sandbox's own entries, for demos and for tests in another process. Forms or flat JSON.
// Not part of Stripe, and not counted.

import { defined } from '../../defined.ts';
import { FAULT_KINDS, type Fault } from '../api/faults.ts';
import { type FormMap, parseForm } from '../api/form.ts';
import { Parameters } from '../api/parameters.ts';
import { invalidRequest, StripeApiError } from '../api/stripe-error.ts';
import type { BillingControls } from '../billing-controls.ts';
import type { Controls } from '../controls.ts';
import type { Advance, SandboxCore } from '../core.ts';
import type { Fate } from '../fate.ts';
import { DISPUTE_CASE_TYPES, DISPUTE_STATUSES } from '../objects/disputes.ts';
import { REFUND_ENDS } from '../objects/refund-status.ts';
import { pageHeaders, renderDocument } from '../page/document.ts';
import { seeOther, type WebAnswer, type WebRequest, type WebServer } from '../web-server.ts';
import { statePage } from './state-page.ts';

type Action = (id: string, form: Parameters) => unknown;

export function registerControl(
  app: WebServer,
  core: SandboxCore,
  { controls, billing }: { readonly controls: Controls; readonly billing: BillingControls },
): void {
  const actions = { ...paymentActions(controls), ...billingActions(controls, billing), ...sandboxActions(core) };
  for (const [path, action] of Object.entries(actions)) {
    app.on('POST', `/_sandbox${path}`, (request) =>
      answer(async () => {
        refuseOtherSites(request);
        const form = new Parameters(readBody(request));
        const result = await action(request.id, form);
        form.refuseUnknown();
        return result ?? {};
      }),
    );
  }
  // For the buttons of the page, which go back to it.
  app.on('POST', '/_sandbox/advance', async (request) => {
    const done = await answer(async () => {
      refuseOtherSites(request);
      await core.advance(readAdvance(new Parameters(readBody(request))));
      return {};
    });
    return done?.status === 200 ? seeOther('/_sandbox') : done;
  });
  app.on('GET', '/_sandbox', () => {
    core.catchUp();
    return { status: 200, headers: pageHeaders(), body: renderDocument(statePage(core)) };
  });
  app.on('GET', '/_sandbox/calls', () => answer(() => ({ total: core.calls.count(), byRoute: core.calls.byRoute() })));
  app.on('GET', '/_sandbox/faults', () => answer(() => ({ faults: core.faults.list() })));
}

function paymentActions(controls: Controls): Record<string, Action> {
  const fateOf = (form: Parameters): { fate?: Fate } => {
    const fate = form.string('fate');
    // The fate is validated where it is used.
    return fate === undefined ? {} : { fate: fate as Fate };
  };
  const amountOf = (form: Parameters): { amountMinor?: number } => {
    const amountMinor = form.integer('amount', { min: 1 });
    return amountMinor === undefined ? {} : { amountMinor };
  };
  const statusOf = (form: Parameters): (typeof DISPUTE_STATUSES)[number] => form.oneOf('status', DISPUTE_STATUSES) ?? 'needs_response';
  return {
    '/sessions/:id/pay': (id, form) => {
      const promotionCode = form.string('promotion_code');
      const presentmentCurrency = form.currency('presentment_currency');
      const choices = {
        quantity: form.integer('quantity'),
        optionalItem: form.integer('optional_item'),
        unitAmountMinor: form.integer('unit_amount'),
        localCurrency: form.currency('local_currency'),
      };
      return controls.pay(id, {
        card: form.string('card') ?? 'success',
        ...fateOf(form),
        ...defined({ promotionCode, presentmentCurrency, ...choices }),
      });
    },
    '/payments/:id/pay': (id, form) => controls.payIntent(id, { card: form.string('card') ?? 'success', ...fateOf(form) }),
    '/payments/:id/authenticate': (id, form) => controls.authenticate(id, form.oneOf('outcome', ['succeeded', 'failed'])),
    '/payment_links/:id/open': (id, form) => {
      const clientReferenceId = form.string('client_reference_id');
      return controls.openPaymentLink(id, { clientReferenceId, prefilledEmail: form.string('prefilled_email') });
    },
    '/sessions/:id/fate': (id, form) => controls.setFate(id, form.requiredString('fate') as Fate),
    '/sessions/:id/expire': (id) => controls.expire(id),
    '/sessions/:id/recover': (id) => controls.recover(id),
    '/payments/:id/settle': (id, form) => ({ settled: controls.settle(id, form.oneOf('outcome', ['succeeded', 'failed'])) }),
    '/payments/:id/refund': (id, form) => {
      const status = form.oneOf('status', ['succeeded', 'pending', 'requires_action']);
      return controls.refund(id, { ...amountOf(form), ...fateOf(form), ...defined({ status }) });
    },
    '/payments/:id/dispute': (id, form) => {
      const reason = form.string('reason');
      const currency = form.currency('currency');
      const caseType = form.oneOf('case_type', DISPUTE_CASE_TYPES);
      const terms = { status: statusOf(form), ...amountOf(form), ...fateOf(form) };
      return controls.dispute(id, { ...terms, ...defined({ reason, currency, caseType }) });
    },
    '/refunds/:id/fail': (id) => controls.failRefund(id),
    '/refunds/:id/end': (id, form) => controls.endRefund(id, form.oneOf('status', REFUND_ENDS) ?? 'succeeded'),
    '/disputes/:id': (id, form) =>
      controls.updateDispute(id, statusOf(form), fateOf(form).fate, form.oneOf('case_type', DISPUTE_CASE_TYPES)),
  };
}

function billingActions(controls: Controls, billing: BillingControls): Record<string, Action> {
  return {
    '/invoices/:id/pay': (id, form) => billing.payInvoice(id, { card: form.string('card') ?? 'success' }),
    '/customers/:id/card': (id, form) => ({ payment_method: billing.changeCard(id, form.string('card') ?? 'success') }),
    '/subscriptions/:id/fate': (id, form) => controls.setFate(id, form.requiredString('fate') as Fate, form.string('type')),
  };
}

function sandboxActions(core: SandboxCore): Record<string, Action> {
  return {
    '/clock/advance': async (_id, form) => {
      await core.advance(readAdvance(form));
      return { now: new Date(core.model.clock.nowMs()).toISOString() };
    },
    '/events/report_missed': () => ({ reported: core.reportMissedEvents() }),
    '/accounts': (_id, form) => {
      const id = form.string('id') ?? core.model.newId('acct_', 16);
      return { id: core.model.state.transaction(() => core.accounts.connect(id)).account };
    },
    '/webhooks/deliver': async () => ({ tries: await core.deliverDue() }),
    '/webhook_endpoints': (_id, form) => {
      const apiVersion = form.string('api_version');
      const endpoint = {
        url: form.requiredString('url'),
        secret: form.requiredString('secret'),
        payload: form.oneOf('payload', ['snapshot', 'thin']) ?? ('snapshot' as const),
        connect: form.boolean('connect') ?? false,
      };
      return { id: core.putEndpoint(apiVersion === undefined ? endpoint : { ...endpoint, apiVersion }) };
    },
    '/calls/reset': () => core.calls.reset(),
    '/faults/clear': () => core.faults.clear(),
    '/faults': (_id, form) => {
      const fault = readFault(form);
      core.faults.inject(fault);
      return fault;
    },
  };
}

function readAdvance(form: Parameters): Advance {
  return {
    ms: form.integer('ms', { max: 400 * 86_400_000 }),
    days: form.integer('days', { max: 400 }),
    months: form.integer('months', { max: 36 }),
  };
}

function readFault(form: Parameters): Fault {
  const given = {
    method: form.oneOf('method', ['GET', 'POST', 'DELETE']),
    path: form.string('path'),
    times: form.integer('times', { min: 1 }),
    status: form.integer('status', { min: 200, max: 599 }),
    stored: form.boolean('stored'),
    body: form.string('body'),
    retryAfterSeconds: form.integer('retry_after_seconds'),
    shouldRetry: form.boolean('should_retry'),
    delayMs: form.integer('delay_ms'),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { kind: form.oneOf('kind', FAULT_KINDS) ?? 'status', ...set };
}

function readBody({ headers, body: text }: WebRequest): FormMap {
  if (!headers['content-type']?.startsWith('application/json') || text === '') return parseForm(text);
  try {
    return new Map(Object.entries(JSON.parse(text) as object).map(([key, value]) => [key, String(value)]));
  } catch {
    throw invalidRequest('The body is no JSON object.');
  }
}

/**
 * A page of another site must not control the sandbox through its visitor's browser. Its own pages may, by whatever name they were
 * opened: the server takes no request for a host that it does not know. @throws StripeApiError 403
 */
function refuseOtherSites({ headers: { origin, host } }: WebRequest): void {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return;
  throw new StripeApiError(403, 'invalid_request_error', `${origin} may not control this sandbox: only its own pages, and programs, may.`);
}

async function answer(work: () => unknown): Promise<WebAnswer> {
  try {
    return { status: 200, body: (await work()) as object };
  } catch (error) {
    if (error instanceof StripeApiError) return { status: error.status, body: error.body('req_sandbox') };
    const message = error instanceof Error ? error.message : String(error);
    return { status: 400, body: { error: { type: 'invalid_request_error', message } } };
  }
}
