// The lists of a ledger, from its read models: each says how far it may be behind the log.
import { pageSchema, parse } from './input.ts';
import { idSchema } from './observation.ts';
import { type Page, type PageRequest, pageOf } from './page.ts';
import type { PaymentLedger } from './payment-ledger.ts';
import { orderKey, pageKey } from './read-models/order-read-models.ts';
import type { Runtime } from './runtime.ts';
import type { OpenedSubscribers } from './subscribers/subscribers.ts';

interface ListParts {
  /** Every call of a user passes here. */
  readonly call: <T>(work: () => Promise<T>) => Promise<T>;
  /** The read models; without a background they catch up first. */
  readonly subscribers: () => Promise<OpenedSubscribers>;
  readonly runtime: Runtime;
}

export interface Lists
  extends Pick<PaymentLedger, 'memberships' | 'openOrders' | 'reviews' | 'undelivered' | 'duplicates' | 'backlog'>,
    ListParts {
  /** One page of the rows, which are sorted by `key`. */
  page<T>(
    request: PageRequest | undefined,
    rows: (subscribers: OpenedSubscribers, after: string, limit: number) => readonly T[],
    key: (row: T) => string,
  ): Promise<Page<T>>;
}

export function openLists({ call, subscribers, runtime }: ListParts): Lists {
  const page: Lists['page'] = (request, rows, key) =>
    call(async () => {
      const { after = '', limit = 100 } = parse(pageSchema, request ?? {}, 'page');
      const opened = await subscribers();
      return pageOf(rows(opened, after, limit + 1), limit, key, opened.lagMs());
    });
  const now = (): string => runtime.now().toISOString();

  return {
    call,
    subscribers,
    runtime,
    page,
    memberships: (memberId) =>
      call(async () => {
        parse(idSchema, memberId, 'memberId');
        const { models, lagMs } = await subscribers();
        return { items: models.memberships(memberId), lagMs: lagMs() };
      }),
    openOrders: (request) => page(request, ({ models }, after, limit) => models.openOrders(now(), after, limit), orderKey),
    reviews: (request) => page(request, ({ models }, after, limit) => models.reviews(after, limit), pageKey),
    undelivered: (request) => page(request, ({ models }, after, limit) => models.undelivered(after, limit), orderKey),
    duplicates: (request) => page(request, ({ models }, after, limit) => models.duplicates(after, limit), orderKey),
    backlog: () =>
      call(async () => {
        const { models, lagMs } = await subscribers();
        return { ...models.backlog(now()), lagMs: lagMs() };
      }),
  };
}
