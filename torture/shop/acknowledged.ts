// What the shop has acknowledged to the outside, noted at the load balancer before the client hears of it (law 8). Each is a
// fact that the log must have from then on, whatever happens to the process.
import type { StoredEvent } from '@paidonce/ledger';
import type { Answered } from '../../examples/cluster/load-balancer.ts';
import { decisionsOf, observationsOf, ordersIn } from '../../examples/demo/laws.ts';

/** A fact as one line, like `webhook pi_1 paid`. The first word is the kind of request that was acknowledged. */
type FactLine = string;

const kinds = ['webhook', 'status', 'checkout', 'manual'] as const;
export type AcknowledgedKind = (typeof kinds)[number];

export class Acknowledged {
  readonly #facts = new Set<FactLine>();
  /** How many requests of each kind were acknowledged; a repeated one counts again. */
  readonly requests: Record<AcknowledgedKind, number> = { webhook: 0, status: 0, checkout: 0, manual: 0 };

  get size(): number {
    return this.#facts.size;
  }

  /** Notes an answer, if it acknowledges anything. */
  note(answered: Answered): void {
    const fact = factIn(answered);
    if (fact === undefined) return;
    this.requests[kindOf(fact)] += 1;
    this.#facts.add(fact);
  }

  /** Returns the facts, acknowledged until now, that the log does not have. */
  async missingIn(readLog: () => Promise<readonly StoredEvent[]>): Promise<readonly FactLine[]> {
    const until = [...this.#facts]; // What comes while the log is read may stand behind its end.
    const inLog = factsIn(await readLog());
    return until.filter((fact) => !inLog.has(fact));
  }
}

function kindOf(fact: FactLine): AcknowledgedKind {
  return kinds.find((kind) => fact.startsWith(`${kind} `)) as AcknowledgedKind;
}

function factIn({ method, path, sent, status, location, answer }: Answered): FactLine | undefined {
  if (path.startsWith('/webhooks/')) return status === 200 ? webhookFact(JSON.parse(sent)) : undefined;
  const [, session] = /^\/payment\/status\/(\w+)/.exec(path) ?? [];
  if (session !== undefined) return /"state":"active"/.test(answer) ? `status ${session} granted` : undefined;
  if (method !== 'POST' || status !== 303) return undefined;
  const [page] = /cs_test_\w+/.exec(location) ?? [];
  if (path === '/orders') return `checkout ${page} attached`;
  return path.endsWith('/observe') ? `manual ${new URLSearchParams(sent).get('paymentId')} paid` : undefined;
}

interface WebhookBody {
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
}

/** The same words for what a session, an intent and a refund say. Others change no access. */
function webhookFact({ data: { object } }: WebhookBody): FactLine | undefined {
  const { object: type, id, status, payment_status: paymentStatus, payment_intent: intent } = object;
  if (type === 'checkout.session' && paymentStatus === 'paid') return `webhook ${intent} paid`;
  if (type === 'payment_intent' && status === 'succeeded') return `webhook ${id} paid`;
  return type === 'refund' && status === 'succeeded' ? `webhook ${id} succeeded` : undefined;
}

function factsIn(log: readonly StoredEvent[]): ReadonlySet<FactLine> {
  const facts = new Set<FactLine>();
  for (const order of ordersIn(log)) {
    const isGranted = decisionsOf(order).some(({ type }) => type === 'MembershipGranted');
    for (const { type, data } of order.events) {
      if (type !== 'CheckoutAttached') continue;
      facts.add(`checkout ${data.payment.id} attached`);
      if (isGranted) facts.add(`status ${data.payment.id} granted`);
    }
    for (const { source, payment, fact } of observationsOf(order)) {
      facts.add(`${source} ${fact.kind === 'attempt' ? payment.id : fact.id} ${fact.status}`);
    }
  }
  return facts;
}
