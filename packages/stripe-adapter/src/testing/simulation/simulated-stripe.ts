// Stripe in the simulated world: the sandbox's own model, API, clock and webhooks, without its sockets. Its webhooks go to
// any process that runs, with real signatures; they or their answers may be lost.
import type { Answer, Incarnation, Party, SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { WebhookEndpointOptions, WebhookRequest } from '@paidonce/sandbox/model';
import { Controls, DEFAULT_ACCOUNT, SandboxCore } from '@paidonce/sandbox/model';
import Stripe from 'stripe';
import type { StripePayments } from '../../stripe-payments.ts';
import type { WebhookAnswer } from '../../webhook/webhook.ts';
import type { Coverage } from './coverage.ts';
import type { EndpointKind, StripeSimulationOptions } from './options.ts';

export const account: string = DEFAULT_ACCOUNT;
export const connectedAccount = 'acct_1Connected';
export const webhookSecrets: readonly string[] = ['whsec_of_the_first', 'whsec_of_the_second'];
const oldVersion = '2024-06-20';

export interface SimulatedStripe {
  readonly core: SandboxCore;
  readonly controls: Controls;
  /** Starts to send webhooks, and lets time pass. */
  start(): void;
}

export interface SimulatedStripeParts {
  readonly world: World;
  readonly options: Pick<StripeSimulationOptions, 'seed' | 'reliance' | 'endpoints' | 'connect' | 'webhooks'>;
  readonly coverage: Pick<Coverage, 'met'>;
  readonly processes: () => readonly SimulatedProcess[];
  readonly paymentsOf: (by: Incarnation) => StripePayments;
  /** Called when a webhook was acknowledged: what it reported must be in the log (law 8). */
  readonly onAcknowledged: (body: string, outcome: WebhookAnswer['outcome']) => void;
}

export function openSimulatedStripe(parts: SimulatedStripeParts): SimulatedStripe {
  const { world, options } = parts;
  const { scheduler, network } = world;
  const chance = world.random.fork();
  const core = new SandboxCore({
    runtime: {
      now: () => world.wallTime(0),
      monotonicNowMs: () => scheduler.nowMs,
      random: () => chance.fraction(),
      uuid: () => chance.uuid(),
      sleep: (ms, signal) => sleep(world, network, ms, signal),
    },
    apiVersion: Stripe.API_VERSION,
    account,
    connectedAccounts: options.connect ? [connectedAccount] : [],
    callsPerSecond: undefined,
    webhookEndpoints: [false, ...(options.connect ? [true] : [])].flatMap((connect) =>
      options.endpoints.map((kind, place) => ({ ...endpointOf(kind, place), connect })),
    ),
    stateFile: undefined,
    // If webhooks alone must suffice, they are sent until they are acknowledged, as Stripe does for three days.
    retryScheduleMs: Array.from({ length: options.reliance === 'webhooks' ? 60 : 6 }, (_, attempt) =>
      Math.min(600_000, 1_000 * 2 ** attempt),
    ),
    webhookTimeoutMs: 10_000,
    secretKey: undefined,
    settleAfterMs: 600_000,
    dunning: { retryDays: [3, 5, 7], end: 'canceled' },
    prorationParent: 'subscription_item',
    zeroAmountStatus: options.seed % 2 === 0 ? 'paid' : 'no_payment_required',
    releasedPart: options.seed % 3 === 0 ? 'with_row' : 'without_row',
    automatic: true,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (fields, message) =>
        world.report('the sandbox itself', `${message}: ${JSON.stringify(fields)} ${String((fields as { err?: Error }).err?.stack)}`),
    },
    send: (request, signal) => send(parts, request, signal),
    signedBy: 'machine',
    witness: undefined,
  });
  return { core, controls: new Controls(core), start: () => core.start('https://stripe.example') };
}

function endpointOf(kind: EndpointKind, place: number): WebhookEndpointOptions {
  const url = `https://shop.example/webhooks/${kind === 'snapshot' ? 'snapshot' : kind === 'thin' ? 'thin' : 'old'}`;
  const secret = webhookSecrets[place % webhookSecrets.length] ?? '';
  return {
    url,
    secret,
    ...(kind === 'thin' ? { payload: 'thin' as const } : {}),
    ...(kind === 'old version' ? { apiVersion: oldVersion } : {}),
  };
}

export function sleep({ scheduler }: World, party: Party, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = scheduler.timer(party, ms, `${party.name} wakes`, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    function abort(): void {
      scheduler.cancelTimer(timer);
      resolve();
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Resolves with the status that the process answers; rejects if no answer comes back. */
function send(parts: SimulatedStripeParts, { url, headers, body }: WebhookRequest, signal: AbortSignal): Promise<number> {
  const { world, coverage, options } = parts;
  const { scheduler, network } = world;
  const { type = '' } = JSON.parse(body) as { type?: string };
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer')), { once: true });
    scheduler.park(network, 'call', `webhook ${type}`, () => {
      if (world.fault(options.webhooks.lost)) {
        coverage.met('webhook lost on the way');
        return reject(new Error('lost'));
      }
      const running = parts.processes().filter(({ runs }) => runs);
      if (running.length === 0) {
        coverage.met('webhook found no process');
        return reject(new Error('nobody listens'));
      }
      if (url.endsWith('thin')) coverage.met('webhook at a thin endpoint');
      if (url.endsWith('old')) coverage.met('webhook of an old version');
      const signature = headers['stripe-signature'] ?? '';
      void world.random
        .pick(running)
        .call(`webhook ${type}`, (_, by) => parts.paymentsOf(by).handleWebhook(Buffer.from(body), signature))
        .then((answer) => {
          const status = statusOf(parts, answer);
          if (status === undefined) return reject(new Error('the process is gone'));
          if (status === 200 && 'value' in (answer as object))
            parts.onAcknowledged(body, (answer as { value: WebhookAnswer }).value.outcome);
          if (world.fault(options.webhooks.answerLost)) {
            coverage.met('webhook whose answer was lost');
            return reject(new Error('the answer was lost'));
          }
          resolve(status);
        });
    });
  });
}

/** The HTTP status that the shop's route answers with. */
function statusOf({ coverage }: SimulatedStripeParts, answer: Answer<WebhookAnswer>): number | undefined {
  if (answer === 'no answer') return undefined;
  if ('refused' in answer) {
    coverage.met('webhook refused with 503');
    return 503;
  }
  const { outcome } = answer.value;
  if (outcome === 'bad_signature') {
    coverage.met('webhook refused: bad signature');
    return 400;
  }
  if (outcome !== 'unreadable') coverage.met(`webhook: ${outcome}`);
  return 200;
}
