// What a shop says to the outside while its log has trouble, and what it has once the trouble is over. Meanwhile a customer pays,
// and comes back; another one orders; an operator records money. Nothing of that may be acknowledged unless it is in the log.
import { setTimeout as wait } from 'node:timers/promises';
import type { Answered } from '../../examples/cluster/load-balancer.ts';
import { isReady } from '../../examples/cluster/replica.ts';
import { observeByHand, serve } from '../shop/customers.ts';
import { brokenIn, verdictsOnceQuiet } from '../shop/quiet.ts';
import { openScene, type Scene } from '../shop/scene.ts';

/** The statuses that each kind of request was answered with, while the trouble lasted. */
export interface AnswersInTrouble {
  readonly webhook: readonly number[];
  /** With the body of the answer behind it. */
  readonly status: string;
  readonly order: number;
  readonly manual: number;
  /** Facts that were acknowledged meanwhile, of whatever customer. */
  readonly acknowledged: number;
}

export interface TroubledShop {
  readonly scene: Scene;
  /** All webhooks that were answered, in order. */
  readonly webhooks: readonly Answered[];
  /** An order whose customer has not paid yet. */
  readonly sessionId: string;
  /** Plays the requests; resolves once each was answered. */
  ask(): Promise<AnswersInTrouble>;
}

/** Opens a shop that has served a few customers, and has one whose payment page is open. */
export async function openTroubledShop(folder: string, seed: number): Promise<TroubledShop & AsyncDisposable> {
  const webhooks: Answered[] = [];
  const onAnswer = (answered: Answered): void => void (answered.path.startsWith('/webhooks/') && webhooks.push(answered));
  const scene = await openScene({ ledgerUrl: `sqlite:${folder}/ledger.db`, onAnswer });
  await scene.start();
  await serve(scene, 6, { seed, atOnce: 3 });
  const sessionId = await order(scene);
  const ask = async (): Promise<AnswersInTrouble> => {
    const acknowledged = scene.acknowledged.size;
    scene.sandbox.pay(sessionId, { fate: 'delivered' });
    const { payment_intent: intent } = await scene.stripe.checkout.sessions.retrieve(sessionId);
    const ofIt = (): readonly Answered[] => webhooks.filter((answered) => isOfPayment(answered) && answered.sent.includes(String(intent)));
    while (ofIt().length < 2) await wait(10);
    const status = await fetch(`${scene.url}/payment/status/${sessionId}`);
    return {
      webhook: ofIt().map((answered) => answered.status),
      status: `${status.status} ${await status.text()}`,
      order: (await postOrder(scene)).status,
      manual: await observeByHand(scene, sessionId, 'manual:in-trouble'),
      acknowledged: scene.acknowledged.size - acknowledged,
    };
  };
  return { scene, webhooks, sessionId, ask, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() };
}

/** A webhook that reports a payment. Others are acknowledged where nothing is to be written. */
function isOfPayment({ sent }: Answered): boolean {
  return /"type": ?"(?:checkout\.session\.completed|payment_intent\.succeeded)"/.test(sent);
}

/** What is wrong once the trouble is over: everything must be there, and all that came meanwhile must come again by itself. */
export async function wrongAfterwards(scene: Scene): Promise<readonly string[]> {
  while (!(await isReady(scene.shop.backend.url))) await wait(50);
  scene.shop.backend.up = true;
  await serve(scene, 6, { seed: 2, atOnce: 3 });
  const verdicts = await verdictsOnceQuiet(scene);
  const missing = await scene.acknowledged.missingIn(scene.log);
  return [...brokenIn(verdicts), ...missing.map((fact) => `acknowledged, and not in the log: ${fact}`)];
}

async function order(scene: Scene): Promise<string> {
  const { headers } = await postOrder(scene);
  return /cs_test_\w+/.exec(headers.get('location') ?? '')?.[0] ?? 'none';
}

/** A customer orders. 303: he is led to the payment page. */
export function postOrder({ url }: Scene): Promise<Response> {
  const body = new URLSearchParams({ plan: 'year', memberId: 'in-trouble', fate: 'delivered', afterwards: 'leaves' });
  return fetch(`${url}/orders`, { method: 'POST', body, redirect: 'manual' });
}
