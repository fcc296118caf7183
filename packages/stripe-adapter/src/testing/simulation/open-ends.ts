// What customers may change on the page where they pay, and where that page is: drawn for orders without other extras.
import { Random } from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';
import type { Coverage } from './coverage.ts';
import type { ShopOrder } from './registry.ts';

type OpenEnd = Pick<ShopOrder, 'session'> & Partial<Pick<ShopOrder, 'ui' | 'choices'>> & { readonly more?: true };

export class OpenEnds {
  /** Its own, so that the other draws of a seed stay what they were. */
  readonly #random: Random;
  readonly #coverage: Coverage;
  readonly #priceId: string;

  private constructor(seed: number, priceId: string, coverage: Coverage) {
    this.#random = new Random(seed);
    this.#priceId = priceId;
    this.#coverage = coverage;
  }

  /** Makes a price of 10 euros that Stripe also has in dollars, on the account of the client. */
  static async open(seed: number, atHand: Stripe, coverage: Coverage): Promise<OpenEnds> {
    const { id } = await atHand.prices.create({
      currency: 'eur',
      unit_amount: 1_000,
      currency_options: { usd: { unit_amount: 1_100 } },
      product_data: { name: 'Year' },
    });
    return new OpenEnds(seed, id, coverage);
  }

  draw(): OpenEnd {
    const ui = this.#random.weighted({ hosted: 2, embedded: 1, elements: 1 });
    if (ui !== 'hosted') this.#coverage.met(ui === 'embedded' ? 'embedded session' : 'session by elements');
    const page = ui === 'hosted' ? {} : { ui };
    const line = { price: this.#priceId, quantity: 1 };
    switch (this.#random.weighted({ none: 3, quantity: 1, currency: 1 })) {
      case 'none':
        return { session: {}, ...page };
      case 'quantity': {
        this.#coverage.met('quantity that the customer chooses');
        const session = { line_items: [{ ...line, adjustable_quantity: { enabled: true, minimum: 1, maximum: 5 } }] };
        return { session, choices: { quantity: this.#random.between(1, 5) }, more: true, ...page };
      }
      case 'currency':
        this.#coverage.met('price in the customer’s currency too');
        return { session: { line_items: [line] }, choices: { localCurrency: 'usd' }, ...page };
    }
  }
}
