// Orders that the shop fulfilled before it had a ledger: it gave access itself, and later imports them with their payments.
import type { Statement } from '../../observation.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { ShopOrder, Story } from './payment-stories.ts';
import type { People } from './people.ts';
import type { Provider } from './provider.ts';
import type { Shop } from './shop.ts';
import { hasValue, type Sources } from './sources.ts';
import type { World } from './world.ts';

export interface ImportsOptions {
  readonly world: World;
  readonly sources: Sources;
  readonly provider: Provider;
  readonly shop: Shop;
  readonly acknowledgements: Acknowledgements;
  readonly people: People;
  readonly stories: readonly Story[];
}

export class Imports {
  readonly #parts: ImportsOptions;

  constructor(parts: ImportsOptions) {
    this.#parts = parts;
  }

  /** Imports the order with a payment of it that is paid by now. Where there is none, the shop places the order instead. */
  bring(order: ShopOrder): void {
    const { world, shop, people, stories } = this.#parts;
    world.some(`import of ${order.orderId}`, () => {
      const payment = this.#paymentFor(order);
      if (payment === undefined) return people.place(order, stories);
      shop.fulfil(order.orderId);
      this.#call(order, payment);
    });
  }

  /** At times a person takes the payment of another order. */
  #paymentFor({ orderId }: ShopOrder): Statement | undefined {
    const { world, provider } = this.#parts;
    const anyOrder = world.random.chance(world.options.sources.misnamed);
    const paid = provider.payments
      .filter((payment) => (anyOrder || payment.orderId === orderId) && payment.reference.provider !== 'manual')
      .flatMap((payment) => provider.read(payment, world.providerTime()))
      .filter(({ fact }) => fact.kind === 'attempt' && fact.status === 'paid');
    return paid.length === 0 ? undefined : world.random.pick(paid);
  }

  /** Repeats until it is answered. */
  #call(order: ShopOrder, payment: Statement): void {
    const { world, sources, acknowledgements, people, stories } = this.#parts;
    const { placedLate: _, imported: __, ...placed } = order;
    world.some(`import ${order.orderId} with ${payment.payment.id}`, async () => {
      const answer = await sources.someProcess()?.call(`importOrder ${order.orderId} ${payment.payment.id}`, async (ledger) => {
        const before = new Date(Date.parse(payment.asOf) - 86_400_000).toISOString();
        const result = await ledger.importOrder({ ...placed, placedAt: before }, payment, { actor: 'support', reason: 'import' });
        acknowledgements.imported(placed, payment, result);
        return result;
      });
      if (answer === undefined || !hasValue(answer)) return world.later(1_000, 'the import waits', () => this.#call(order, payment));
      if (answer.value.outcome === 'belongs_to') people.place(order, stories);
    });
  }
}
