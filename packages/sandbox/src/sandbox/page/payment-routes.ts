// `/c/pay/:session`, `/c/recover/:session` and `/b/:link`. The form can be posted by hand, too:
// `curl -i -d card=success -d fate=lost http://127.0.0.1:PORT/c/pay/cs_test_…`

import { defined } from '../../defined.ts';
import { parseForm } from '../api/form.ts';
import { Parameters } from '../api/parameters.ts';
import { StripeApiError } from '../api/stripe-error.ts';
import type { Controls } from '../controls.ts';
import type { SandboxCore } from '../core.ts';
import { type Fate, LATE_SECONDS, parseFate } from '../fate.ts';
import { filledSuccessUrl } from '../objects/checkout-record.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { paymentOption } from '../test-cards.ts';
import { seeOther, type WebAnswer, type WebServer } from '../web-server.ts';
import { pageHeaders, renderDocument } from './document.ts';
import { closedPage, paymentPage, refusalPage } from './payment-page.ts';

export function registerPaymentPage(app: WebServer, core: SandboxCore, controls: Controls): void {
  const recordOf = (id: string): CheckoutRecord | undefined => {
    core.catchUp();
    return core.accounts.holding(id).state.sessions.get(id);
  };

  app.on('GET', '/c/pay/:id', ({ id }) => {
    const record = recordOf(id);
    return show(core, record, firstCard(record), undefined, 200);
  });

  app.on('POST', '/c/pay/:id', ({ id, body }) => {
    const record = recordOf(id);
    // A second click on the button meets a session that is complete: the customer goes on all the same.
    if (record?.session.status === 'complete') return seeOther(filledSuccessUrl(core.model, record));
    if (record?.session.status !== 'open') return show(core, record, firstCard(record), undefined, 200);
    return submit(core, record, controls, body);
  });

  // Each visit of a Payment Link is a session of its own. What stands in its address is the visitor's word.
  app.on('GET', '/b/:id', ({ id: linkId, query }) => {
    const [clientReferenceId, prefilledEmail] = ['client_reference_id', 'prefilled_email'].map((name) => {
      const values = new URLSearchParams(query).getAll(name);
      return values.length === 1 ? values[0] : undefined;
    });
    try {
      const { id } = controls.openPaymentLink(linkId, { clientReferenceId, prefilledEmail });
      return seeOther(`/c/pay/${id}`);
    } catch (error) {
      if (!(error instanceof StripeApiError)) throw error;
      const body = renderDocument(refusalPage('This link takes no payments', error.message));
      return { status: 404, headers: pageHeaders(), body };
    }
  });

  app.on('GET', '/c/recover/:id', ({ id }) => {
    try {
      return seeOther(`/c/pay/${controls.recover(id).id}`);
    } catch (error) {
      if (error instanceof StripeApiError) return show(core, recordOf(id), firstCard(undefined), undefined, 404);
      throw error;
    }
  });
}

function submit(core: SandboxCore, record: CheckoutRecord, controls: Controls, body: string): WebAnswer {
  let card = firstCard(record);
  try {
    const form = new Parameters(parseForm(body));
    const action = form.oneOf('action', ['pay', 'apply', 'cancel']) ?? 'pay';
    card = form.string('card') ?? card;
    const code = form.string('promotion_code');
    if (action === 'cancel') return seeOther(record.session.cancel_url ?? `/c/pay/${record.id}`);
    if (action === 'apply')
      return show(core, code === undefined ? record : controls.enterPromotionCode(record.id, code), card, undefined, 200);
    if (!paymentOption(card)) return show(core, record, firstCard(record), `There is no test card ${card}.`, 400);

    const fate = readFate(form);
    const paid = controls.pay(record.id, {
      card,
      ...defined({ fate, promotionCode: code }),
    });
    if (paid.outcome === 'completed') return seeOther(paid.successUrl);
    if (paid.outcome === 'requires_action') return seeOther(paid.url);
    return show(core, controls.session(record.id), card, `${paid.message} Try another one.`, 402);
  } catch (error) {
    if (!(error instanceof StripeApiError)) throw error;
    return show(core, record, card, error.message, error.status);
  }
}

/** `fate=late` with `late_seconds`, or `fate=late:30`. */
function readFate(form: Parameters): Fate | undefined {
  const text = form.string('fate');
  const seconds = form.integer('late_seconds', { max: 86_400 }) ?? LATE_SECONDS;
  if (text === undefined) return undefined;
  const fate = parseFate(text === 'late' ? `late:${seconds}` : text);
  if (fate === undefined) throw new StripeApiError(400, 'invalid_request_error', `${text} is no fate of a webhook.`, { param: 'fate' });
  return fate;
}

function firstCard(record: CheckoutRecord | undefined): string {
  return record?.session.payment_method_types.includes('card') === false ? '' : 'success';
}

function show(core: SandboxCore, record: CheckoutRecord | undefined, card: string, problem: string | undefined, status: number): WebAnswer {
  const open = record?.session.status === 'open';
  const targets = record ? [record.session.success_url, record.session.cancel_url].filter((url) => url !== null) : [];
  const closedStatus = record && status < 400 ? 200 : 404;
  const goOn = record && record.session.success_url !== null ? filledSuccessUrl(core.model, record) : undefined;
  const page = open ? paymentPage(record, card, problem) : closedPage(record, goOn);
  return { status: open ? status : closedStatus, headers: pageHeaders(targets), body: renderDocument(page) };
}
