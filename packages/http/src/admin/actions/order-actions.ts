// What people do with one order. Each goes through the ledger's one write path and is signed; none can state a payment by itself but
// `observe`, where a named person does. Where the order has news that the person did not see, nothing is done.
import { LedgerError, type OrderView, type Resolution, readOrderEvent } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import { type Console, type ConsoleCall, ConsoleProblem, type ConsoleRoute } from '../../console-call.ts';
import { orderForms } from '../forms.ts';
import { catalogues } from '../words.ts';
import { asFormProblem, FormProblem, requiredText, seenIn, signedBy, textOf } from './form.ts';
import { type Done, eventOf, isEarlier, orderAction } from './outcome.ts';
import { paymentIdIn, paymentIn } from './payment-form.ts';
import { heldPayment, paymentOf } from './references.ts';

type Act = (call: ConsoleCall, orderId: string) => Promise<Done>;

export function orderActionRoutes(console: Console): readonly ConsoleRoute[] {
  const acts = { recheck, redeliver, observe, move, link, resolve, withdraw };
  return Object.entries(acts).map(([name, act]) => {
    const form = name as keyof typeof acts;
    return orderAction(console, form, orderForms[form], act(console));
  });
}

const recheck =
  (console: Console): Act =>
  async (call, orderId) => {
    const { payments } = console;
    await placed(console, orderId);
    const by = { actor: call.operator.actor, reason: textOf(call, 'reason') || 'asked in the console' };
    const { objects, order } = await payments.recheck(orderId, { by });
    const said = await eventOf(console, orderId, ({ type, data }) => type === 'StripeRechecked' && data.by.actor === by.actor);
    const data = { objects, ...(order ? { order } : {}) };
    return { outcome: 'asked', orderId, data, ...(said ? { did: said.position } : {}) };
  };

const redeliver =
  (console: Console): Act =>
  async (call, orderId) => {
    const { ledger } = console.payments;
    const by = signedBy(call);
    const seenRevision = seenIn(call);
    await placed(console, orderId);
    if (!ledger.delivers) throw new ConsoleProblem(409, 'does_not_deliver', catalogues[call.language].actions.doesNotDeliver);
    const done = await ledger.redeliver(orderId, by, { seenRevision });
    if (done.outcome === 'stale') return done;
    const { outcome } = done;
    // The row of who asked says what came of it. Where nothing was asked of the shop, the order's last delivery does.
    const said = await eventOf(console, orderId, ({ type, data }) =>
      outcome === 'nothing_to_deliver' ? type === 'MembershipDelivered' : type === 'DeliveryTakenOver' && data.by?.actor === by.actor,
    );
    return { outcome, orderId, again: outcome === 'nothing_to_deliver', ...(said ? { did: said.position } : {}) };
  };

/** The id in the form makes a second press the same payment. */
const observe =
  (console: Console): Act =>
  async (call, orderId) => {
    const { ledger } = console.payments;
    const by = signedBy(call);
    const seenRevision = seenIn(call);
    const order = await placed(console, orderId);
    const observation = paymentIn(ledger, call, order, by);
    const done = await asFormProblem('paymentId', () => ledger.observePayment(observation, { seenRevision }));
    if (done.outcome === 'stale') return done;
    if (done.outcome === 'belongs_to')
      throw new FormProblem('paymentId', 'refused', catalogues[call.language].actions.belongsTo(done.orderId));
    const said = await eventOf(
      console,
      orderId,
      ({ type, data }) => type === 'PaymentObserved' && data.source === 'manual' && data.payment.id === observation.payment.id,
    );
    return { outcome: done.outcome, orderId, again: done.outcome === 'duplicate', ...(said ? { did: said.position } : {}) };
  };

const move =
  (console: Console): Act =>
  async (call, orderId) => {
    const { ledger } = console.payments;
    const by = signedBy(call);
    const seen = { fromOrderId: orderId, fromRevision: seenIn(call), toRevision: seenIn(call, 'toRevision') };
    const order = await placed(console, orderId);
    const to = requiredText(call, 'to');
    if (!isId(to) || (await ledger.order(to)) === undefined) throw new FormProblem('to', 'order_unknown');
    const payment = await paymentOf(ledger, order, paymentIdIn(call));
    const done = await asFormProblem('payment', () => ledger.movePayment(payment, to, by, seen));
    if (done.outcome === 'stale') return done;
    const { actions } = catalogues[call.language];
    if (done.outcome === 'belongs_to') throw new ConsoleProblem(409, done.outcome, actions.belongsTo(done.orderId));
    if (done.outcome !== 'moved' && done.outcome !== 'exists')
      throw new ConsoleProblem(409, done.outcome, actions.cannotMove[done.outcome]);
    const said = await eventOf(
      console,
      orderId,
      ({ type, data }) => type === 'PaymentMoved' && data.payment.id === payment.id && data.toOrderId === to,
    );
    return { outcome: done.outcome, orderId, again: done.outcome === 'exists', ...(said ? { did: said.position } : {}) };
  };

const link =
  (console: Console): Act =>
  async (call, orderId) => {
    const { ledger } = console.payments;
    const { actions } = catalogues[call.language];
    const by = signedBy(call);
    const seenRevision = seenIn(call);
    const order = await placed(console, orderId);
    const payment = await heldPayment(ledger, order, paymentIdIn(call));
    const done = await asFormProblem('payment', () => ledger.linkPayment(payment, orderId, by, { seenRevision }));
    if (done.outcome === 'stale') return done;
    if (done.outcome === 'belongs_to') throw new ConsoleProblem(409, 'belongs_to', actions.belongsTo(done.orderId));
    const said = await eventOf(console, orderId, ({ type, data }) => type === 'CheckoutAttached' && data.payment.id === payment.id);
    return { outcome: done.outcome, orderId, again: done.outcome === 'exists', ...(said ? { did: said.position } : {}) };
  };

const resolve =
  (console: Console): Act =>
  async (call, orderId) => {
    const { ledger } = console.payments;
    const reviewId = call.params['reviewId'] ?? '';
    const by = signedBy(call);
    const seenRevision = seenIn(call);
    const resolution = requiredText(call, 'resolution') as Resolution;
    if (!['grant', 'revoke', 'dismiss'].includes(resolution)) throw new FormProblem('resolution', 'missing');
    await placed(console, orderId);
    const opened = await eventOf(console, orderId, ({ type, data }) => type === 'ReviewOpened' && data.reviewId === reviewId);
    if (!opened) throw new ConsoleProblem(404, 'not_found', catalogues[call.language].actions.noReview(reviewId));
    const done = await asFormProblem('resolution', () => ledger.resolveReview(orderId, reviewId, { resolution, seenRevision }, by));
    if (done.outcome === 'stale') return done;
    const said = await eventOf(console, orderId, ({ type, data }) => type === 'ReviewResolved' && data.reviewId === reviewId);
    return {
      outcome: 'resolved',
      orderId,
      again: said !== undefined && isEarlier(readOrderEvent(said).data, { by, seenRevision }),
      ...(said ? { did: said.position } : {}),
    };
  };

const withdraw =
  (console: Console): Act =>
  async (call, orderId) => {
    const { actions } = catalogues[call.language];
    const by = signedBy(call);
    const seenRevision = seenIn(call);
    await placed(console, orderId);
    try {
      const done = await console.payments.withdrawOrder(orderId, by, { seenRevision });
      if (done.outcome === 'stale') return done;
      const said = await eventOf(console, orderId, ({ type }) => type === 'OrderWithdrawn');
      return { outcome: done.outcome, orderId, again: done.outcome === 'exists', ...(said ? { did: said.position } : {}) };
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      if (error.code === 'already_paid') throw new ConsoleProblem(409, error.code, actions.wasGranted);
      if (error.code === 'payment_under_way') throw new ConsoleProblem(409, error.code, actions.underWay);
      throw error;
    }
  };

/** @throws LedgerError `order_unknown`. */
async function placed({ payments: { ledger } }: Console, orderId: string): Promise<OrderView> {
  const order = isId(orderId) ? await ledger.order(orderId) : undefined;
  if (!order) throw new LedgerError('order_unknown', `There is no order ${orderId}. Nothing was done.`);
  return order;
}
