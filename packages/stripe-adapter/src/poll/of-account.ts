// The lists of the ledger's read models, as a round reads them: whole, and of its own account.
import type { Page, PageRequest } from '@paidonce/ledger';
import { type AccountOrders, defined } from '@paidonce/ledger/adapter';
import type { Round } from './round.ts';

const pageLimit = 100;

/** @param accountOf where an item is at home. */
export async function* ofAccount<Item>(
  { orders: { account, livemode } }: Round,
  list: (page: PageRequest) => Promise<Page<Item>>,
  accountOf: (item: Item) => Pick<AccountOrders, 'account' | 'livemode'>,
): AsyncGenerator<Item> {
  for (let after: string | undefined; ; ) {
    const page = await list({ limit: pageLimit, ...defined({ after }) });
    yield* page.items.filter((item) => accountOf(item).account === account && accountOf(item).livemode === livemode);
    if (page.next === undefined) return;
    after = page.next;
  }
}
