// One attempt to deliver a decision to the shop: at least once, under a stable key. Law 9 holds by the sequence, since
// the shop writes only where its stored sequence is lower. The steps:
//   1. Where another instance may own the decision, append `DeliveryTakenOver`.
//   2. Call `deliver`, and wait `timeoutMs` at most.
//   3. Where it resolved, append `MembershipDelivered`. Where the shop answered a sequence above the newest decision (the
//      stream decides which that is), append `ShopAhead` and the membership of now above it (shop-ahead.ts).
//   4. Where it failed, append `DeliveryFailed`, and after 72 h `DeliveryAbandoned` with it.
//   5. Alert a person at the sixth failure, and when the decision is abandoned.

import type { Alert } from '../alerts.ts';
import { defined } from '../defined.ts';
import type { Logger } from '../logger.ts';
import type { ManualAction } from '../observation.ts';
import { backOffMs, type Deliverable, deliveryAfter, deliveryHorizonMs, isPending } from '../order/delivery-state.ts';
import type { DeliveryFailed } from '../order/events.ts';
import type { Runtime } from '../runtime.ts';
import { settledWithin } from '../runtime.ts';
import type { Typed } from '../streams/aggregate.ts';
import { traced } from '../tracing.ts';
import { type Alerted, type DeliveredChange, type DeliveredNoun, type DeliveredStreams, named } from './delivered-streams.ts';
import { deliveryErrorOf } from './delivery-error.ts';
import { alertBehind, type DeliverAnswer, settle, storedAnswer } from './shop-ahead.ts';

export interface DeliveryOptions<State extends Deliverable, Event extends Typed, Change extends DeliveredChange> {
  /** What is delivered. */
  readonly of: DeliveredStreams<State, Event, Change>;
  /** This process, as the metadata of its events names it. */
  readonly instance: string;
  /** The shop's function. Resolves once the shop has stored the change, or refused it as older. */
  readonly deliver: (change: Change, signal: AbortSignal) => Promise<DeliverAnswer> | DeliverAnswer;
  /** How long `deliver` may take before its signal is aborted. */
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Resolves once the shop's hook has ended; never rejects. */
  readonly onAlert: (alert: Alert) => Promise<void>;
}

export type AttemptResult<State> =
  /** `left`: nothing was recorded, since the decision was replaced, delivered, abandoned or taken over meanwhile. */
  | { readonly outcome: 'delivered' | 'left' }
  /** The shop was ahead of the log: this instance has decided `state` above it, which is to be delivered next. */
  | { readonly outcome: 'raised'; readonly state: State }
  /** `revision`: of the last event appended for it. `retryAtMs`: monotonic; absent: the decision was abandoned. */
  | { readonly outcome: 'failed'; readonly revision: number; readonly retryAtMs?: number };

/** How an attempt failed. */
type Failure = Pick<DeliveryFailed, 'reason' | 'error'>;

/** Failures of one decision before a person is alerted: about half a minute, where `deliver` fails at once. */
const failuresBeforeAlert = 6;
/** How long the shop's hook may take before an attempt that may end the process. */
const hookMs = 5_000;

/**
 * 1: Makes this instance the owner of the newest decision, if `mayTake` allows it. Answers the state after that. Undefined:
 * not allowed, or abandoned, since the silence of the last owner used up the time for it.
 * @param by the person who asked for it; absent: none did.
 * @throws LedgerError as `transact`.
 */
export async function takeOver<State extends Deliverable, Event extends Typed, Change extends DeliveredChange>(
  id: string,
  options: DeliveryOptions<State, Event, Change>,
  mayTake: (state: State) => boolean,
  by?: ManualAction,
): Promise<State | undefined> {
  const { of, instance } = options;
  const { state, answer } = await of.streams.append(id, 'delivery', (before) => {
    if (!mayTake(before)) return { events: [], answer: 'left' as const };
    const { sequence } = before;
    const takenOver = { type: 'DeliveryTakenOver' as const, data: { sequence, ...defined({ by }) } };
    const { failures, spentMs, waitMs } = deliveryAfter(before.delivery, takenOver, instance);
    if (failures <= before.delivery.failures) return { events: [takenOver], answer: 'owned' as const };
    if (spentMs - waitMs < deliveryHorizonMs) return { events: [takenOver], answer: 'owned_after_silence' as const };
    return { events: [takenOver, { type: 'DeliveryAbandoned', data: { sequence } }], answer: 'abandoned' as const };
  });
  // A crash here leaves an owner that falls silent in an attempt: the next one counts a failure and takes over.
  if (answer === 'left') return undefined;
  const told = { ...options, noun: of.noun, id };
  if (answer === 'abandoned') {
    alertAbandoned(state, told);
    return undefined;
  }
  if (answer === 'owned_after_silence') await inHookTime(alertFailing(state, told), options);
  // This instance tries at once: `waitMs` is for the next one to take over, so it is not spent yet.
  const { spentMs, waitMs } = state.delivery;
  return { ...state, delivery: { ...state.delivery, spentMs: spentMs - waitMs } };
}

/** Waits for the alert first: `deliver` may end this process, as it may have ended the last owner's, and the alert with it. */
async function inHookTime(alerted: Promise<void> | undefined, { runtime }: { readonly runtime: Runtime }): Promise<void> {
  if (alerted !== undefined) await settledWithin(runtime, hookMs, [alerted]);
}

/**
 * Steps 2 to 5.
 * @param state one whose newest decision this instance owns.
 * @param abort aborted by the caller where a newer decision came, and here after `timeoutMs`.
 * @throws LedgerError as `transact`, where the outcome could not be recorded: then the shop is called again.
 */
export async function attemptDelivery<State extends Deliverable, Event extends Typed, Change extends DeliveredChange>(
  id: string,
  before: State,
  abort: AbortController,
  options: DeliveryOptions<State, Event, Change>,
): Promise<AttemptResult<State>> {
  const { of, runtime } = options;
  const { sequence } = before;
  const startedAtMs = runtime.monotonicNowMs();
  // 2: A crash here: the shop may have stored the change. The next owner calls again, under the same key.
  const answer = await tracedCall(of.changeOf(before), abort, options);
  if ('reason' in answer) return recordFailure(id, before, { ...answer, startedAtMs }, options);
  // 3: A crash or a failing store before this append: the shop is called again, under the same key. After it, all is settled.
  const { state, answer: outcome } = await of.streams.append(id, 'delivery', (now) => {
    return settle(now, { sequence, stored: answer.stored }, (stored) => of.decideAbove(now, stored));
  });
  switch (outcome) {
    case 'delivered':
      return { outcome };
    case 'raised':
      // A crash before the alert loses it; `ShopAhead` stands in the stream.
      alertBehind(state, sequence, { ...options, noun: of.noun, id });
      return { outcome, state };
    case 'ahead again':
      options.log.warn(
        { ...named(of.noun, id), sequence, storedSequence: answer.stored },
        'deliver answers a sequence above what was decided for it',
      );
      return recordFailure(id, before, { reason: 'error', error: { name: 'StoredSequenceAhead' }, startedAtMs }, options);
  }
}

/** The shop's own spans are below this one. */
function tracedCall<Change extends DeliveredChange>(change: Change, abort: AbortController, options: ShopCall<Change>): Promise<Called> {
  const about = {
    [`paidonce.${options.of.noun}.id`]: change.membershipId,
    'paidonce.change': change.change,
    'paidonce.sequence': change.sequence,
  };
  return traced(
    'paidonce.deliver',
    about,
    async (note) => {
      const answer = await callShop(change, abort, options);
      if ('reason' in answer) note({ 'error.type': answer.error?.name ?? answer.reason });
      return answer;
    },
    { isOnItsOwn: true },
  );
}

type Called = { readonly stored: number } | Failure;

interface ShopCall<Change> {
  readonly of: { readonly noun: DeliveredNoun };
  readonly deliver: (change: Change, signal: AbortSignal) => Promise<DeliverAnswer> | DeliverAnswer;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Logger;
}

/** Calls the shop, and waits `timeoutMs` at most: also where a newer decision or a shutdown has aborted the attempt. */
async function callShop<Change extends DeliveredChange>(
  change: Change,
  abort: AbortController,
  { of: { noun }, deliver, timeoutMs, runtime, log }: ShopCall<Change>,
): Promise<Called> {
  const { sequence } = change;
  const about = { ...named(noun, change.membershipId), sequence };
  const answered = new AbortController();
  const call = Promise.resolve()
    .then(() => deliver(change, abort.signal))
    .then((answer) => storedAnswer(answer, sequence))
    .then(
      (stored) => ({ stored }),
      (error: unknown) => {
        if (!abort.signal.aborted) log.warn({ err: error, ...about }, 'deliver failed');
        return { reason: 'error' as const, ...defined({ error: deliveryErrorOf(error) }) };
      },
    );
  const timeout = runtime.sleep(timeoutMs, answered.signal).then(() => ({ reason: 'timeout' as const }));
  const answer = await Promise.race([call, timeout]);
  answered.abort();
  if ('stored' in answer || answer.reason !== 'timeout') return answer;
  abort.abort();
  log.warn({ ...about, timeoutMs }, 'deliver did not answer in time; its signal is aborted');
  return answer;
}

async function recordFailure<State extends Deliverable, Event extends Typed, Change extends DeliveredChange>(
  id: string,
  { sequence, delivery }: State,
  { startedAtMs, ...failure }: Failure & { readonly startedAtMs: number },
  options: DeliveryOptions<State, Event, Change>,
): Promise<AttemptResult<State>> {
  const { of, instance, runtime } = options;
  const failedAtMs = runtime.monotonicNowMs();
  const spentMs = delivery.spentMs + failedAtMs - startedAtMs;
  const abandoned = spentMs >= deliveryHorizonMs;
  const waitMs = Math.round(backOffMs(delivery.failures) * (0.5 + runtime.random() / 2));
  const failed = {
    type: 'DeliveryFailed' as const,
    data: { sequence, waitMs, spentMs: Math.round(spentMs + waitMs), ...failure },
  };
  // 4: A crash before this append leaves an owner that falls silent, which the next one counts as a failure. After it, the
  // failure and its wait are recorded: another instance takes over after them.
  const { state, answer: stillOurs } = await of.streams.append(id, 'delivery', (now) => {
    if (now.sequence > sequence || !isPending(now) || now.delivery.owner !== instance) return { events: [], answer: false };
    return { events: abandoned ? [failed, { type: 'DeliveryAbandoned', data: { sequence } }] : [failed], answer: true };
  });
  if (!stillOurs) return { outcome: 'left' };
  const { revision } = state.delivery;
  const told = { ...options, noun: of.noun, id };
  // 5: A crash here loses the alert; `ledger.undelivered()` lists the decision.
  if (abandoned) alertAbandoned(state, told);
  else void alertFailing(state, told);
  return { outcome: 'failed', revision, ...(abandoned ? {} : { retryAtMs: failedAtMs + waitMs }) };
}

/** Alerts once, since only one append makes it the sixth failure. Undefined: it is not the sixth. */
function alertFailing({ sequence, delivery }: Deliverable, { noun, id, log, onAlert }: Alerted): Promise<void> | undefined {
  if (delivery.failures !== failuresBeforeAlert) return undefined;
  const message = `Delivery ${id}:${sequence} has failed ${failuresBeforeAlert} times in a row: the shop does not know that the membership has changed. The log says why; fix \`deliver\`. It is retried for 72 h, ever more rarely; ${redelivery[noun]}('${id}', …) tries at once`;
  log.error({ ...named(noun, id), sequence }, message);
  return onAlert({ kind: 'delivery_failing', ...named(noun, id), message });
}

function alertAbandoned({ sequence }: Deliverable, { noun, id, log, onAlert }: Alerted): void {
  const message = `Delivery ${id}:${sequence} is abandoned after 72 h of failures. Fix \`deliver\`, then call ${redelivery[noun]}('${id}', …)`;
  log.error({ ...named(noun, id), sequence }, message);
  void onAlert({ kind: 'delivery_abandoned', ...named(noun, id), message });
}

const redelivery: Readonly<Record<DeliveredNoun, string>> = { order: 'redeliver', subscription: 'redeliverSubscription' };
