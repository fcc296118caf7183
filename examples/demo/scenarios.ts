// Fifty orders, and what happens to each. They are the same in every run; only the winner of a race may differ.

export interface Scenario {
  readonly orderId: string;
  readonly what: string;
  /** What the sandbox does to the webhooks of the payment. */
  readonly fate: 'delivered' | 'lost' | 'doubled' | 'late:600' | 'reordered';
  readonly customer:
    | 'returns' // Opens the success page, which asks for the status.
    | 'leaves' // Pays and closes the browser: nobody asks.
    | 'races' // The success page asks while the webhook is on its way.
    | 'never_pays'
    | 'forges_redirect' // Opens the success page without having paid.
    | 'forges_webhook'
    | 'pays_too_little'
    | 'pays_twice' // Two payments for one order; one is refunded.
    | 'is_refunded';
}

type Kind = Omit<Scenario, 'orderId'> & { readonly times: number };

// biome-ignore format: a table
const kinds: readonly Kind[] = [
  { times: 8, what: 'webhook delivered',              fate: 'delivered', customer: 'returns' },
  { times: 7, what: 'webhook lost, customer returns', fate: 'lost',      customer: 'returns' },
  { times: 6, what: 'webhook lost, browser closed',   fate: 'lost',      customer: 'leaves' },
  { times: 6, what: 'webhooks five times each',       fate: 'doubled',   customer: 'leaves' },
  { times: 5, what: 'webhook late',                   fate: 'late:600',  customer: 'leaves' },
  { times: 5, what: 'webhooks newest first',          fate: 'reordered', customer: 'leaves' },
  { times: 5, what: 'status query races the webhook', fate: 'delivered', customer: 'races' },
  { times: 2, what: 'never paid',                     fate: 'delivered', customer: 'never_pays' },
  { times: 1, what: 'forged redirect, not paid',      fate: 'delivered', customer: 'forges_redirect' },
  { times: 1, what: 'forged webhook, not paid',       fate: 'delivered', customer: 'forges_webhook' },
  { times: 1, what: 'paid the wrong amount',          fate: 'delivered', customer: 'pays_too_little' },
  { times: 2, what: 'paid twice, one refunded',       fate: 'delivered', customer: 'pays_twice' },
  { times: 1, what: 'paid and refunded',              fate: 'delivered', customer: 'is_refunded' },
];

export const scenarios: readonly Scenario[] = kinds
  .flatMap(({ times, ...kind }) => Array.from({ length: times }, () => kind))
  .map((kind, index) => ({ orderId: `o-${String(index + 1).padStart(2, '0')}`, ...kind }));
