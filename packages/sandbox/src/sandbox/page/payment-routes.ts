// `/c/pay/:session`, `/c/recover/:session` and `/b/:link`. The form can be posted by hand, too:
// `curl -i -d card=success -d fate=lost http://127.0.0.1:PORT/c/pay/cs_test_…`

import type { FastifyInstance, FastifyReply } from 'fastify';
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
import { pageHeaders, renderDocument } from './document.ts';
import { closedPage, paymentPage, refusalPage } from './payment-page.ts';

type Params = { Params: { session: string } };
type LinkParams = { Params: { link: string }; Querystring: Record<string, string | string[] | undefined> };

export function registerPaymentPage(app: FastifyInstance, core: SandboxCore, controls: Controls): void {
  const recordOf = (id: string): CheckoutRecord | undefined => {
    core.catchUp();
    return core.accounts.holding(id).state.sessions.get(id);
  };

  app.get<Params>('/c/pay/:session', (request, reply) => {
    const record = recordOf(request.params.session);
    return show(core, reply, record, firstCard(record), undefined, 200);
  });

  app.post<Params & { Body: string }>('/c/pay/:session', (request, reply) => {
    const record = recordOf(request.params.session);
    // A second click on the button meets a session that is complete: the customer goes on all the same.
    if (record?.session.status === 'complete') return reply.redirect(filledSuccessUrl(core.model, record), 303);
    if (record?.session.status !== 'open') return show(core, reply, record, firstCard(record), undefined, 200);
    return submit(core, reply, record, controls, typeof request.body === 'string' ? request.body : '');
  });

  // Each visit of a Payment Link is a session of its own. What stands in its address is the visitor's word.
  app.get<LinkParams>('/b/:link', (request, reply) => {
    const [clientReferenceId, prefilledEmail] = ['client_reference_id', 'prefilled_email'].map((name) => {
      const value = request.query[name];
      return typeof value === 'string' ? value : undefined;
    });
    try {
      const { id } = controls.openPaymentLink(request.params.link, { clientReferenceId, prefilledEmail });
      return reply.redirect(`/c/pay/${id}`, 303);
    } catch (error) {
      if (!(error instanceof StripeApiError)) throw error;
      return reply
        .code(404)
        .headers(pageHeaders())
        .send(renderDocument(refusalPage('This link takes no payments', error.message)));
    }
  });

  app.get<Params>('/c/recover/:session', (request, reply) => {
    try {
      return reply.redirect(`/c/pay/${controls.recover(request.params.session).id}`, 303);
    } catch (error) {
      if (error instanceof StripeApiError) return show(core, reply, recordOf(request.params.session), firstCard(undefined), undefined, 404);
      throw error;
    }
  });
}

function submit(core: SandboxCore, reply: FastifyReply, record: CheckoutRecord, controls: Controls, body: string): FastifyReply {
  let card = firstCard(record);
  try {
    const form = new Parameters(parseForm(body));
    const action = form.oneOf('action', ['pay', 'apply', 'cancel']) ?? 'pay';
    card = form.string('card') ?? card;
    const code = form.string('promotion_code');
    if (action === 'cancel') return reply.redirect(record.session.cancel_url ?? `/c/pay/${record.id}`, 303);
    if (action === 'apply')
      return show(core, reply, code === undefined ? record : controls.enterPromotionCode(record.id, code), card, undefined, 200);
    if (!paymentOption(card)) return show(core, reply, record, firstCard(record), `There is no test card ${card}.`, 400);

    const fate = readFate(form);
    const paid = controls.pay(record.id, {
      card,
      ...defined({ fate, promotionCode: code }),
    });
    if (paid.outcome === 'completed') return reply.redirect(paid.successUrl, 303);
    if (paid.outcome === 'requires_action') return reply.redirect(paid.url, 303);
    return show(core, reply, controls.session(record.id), card, `${paid.message} Try another one.`, 402);
  } catch (error) {
    if (!(error instanceof StripeApiError)) throw error;
    return show(core, reply, record, card, error.message, error.status);
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

function show(
  core: SandboxCore,
  reply: FastifyReply,
  record: CheckoutRecord | undefined,
  card: string,
  problem: string | undefined,
  status: number,
): FastifyReply {
  const open = record?.session.status === 'open';
  const targets = record ? [record.session.success_url, record.session.cancel_url].filter((url) => url !== null) : [];
  const closedStatus = record && status < 400 ? 200 : 404;
  const goOn = record && record.session.success_url !== null ? filledSuccessUrl(core.model, record) : undefined;
  return reply
    .code(open ? status : closedStatus)
    .headers(pageHeaders(targets))
    .send(renderDocument(open ? paymentPage(record, card, problem) : closedPage(record, goOn)));
}
