// What an operations console asks a ledger about its subscriptions: lists from the read models, one subscription from its stream.
import type { SubscriptionReads, SubscriptionSummary } from '../console-subscriptions.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { idInText } from '../id-in-text.ts';
import { parse } from '../input.ts';
import { idSchema, isId } from '../observation.ts';
import type { SubscriptionWriter } from '../observe-subscription.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { ActionsTaken } from '../read-models/action-fold.ts';
import { type ConsoleSubscriptionRows, subscriptionSummaryOf } from '../read-models/console-subscription-rows.ts';
import { emptySubscription, foldSubscription } from '../read-models/subscription-rows.ts';
import type { Runtime } from '../runtime.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { consoleSchemas as schemas } from './console-input.ts';
import { type PageKey, pageKey } from './console-lists.ts';
import { shownGroups } from './error-groups.ts';
import type { Lists } from './lists.ts';

/** What of the ledger's subscriptions is asked beside the read models. */
export interface ReadSubscriptions {
  readonly writer: SubscriptionWriter;
  readonly preview: SubscriptionReads['previewResolution'];
  readonly delivers: boolean;
}

export interface ConsoleSubscriptionParts {
  readonly lists: Lists;
  readonly subscriptions: ReadSubscriptions;
  readonly store: EventStore;
  readonly runtime: Runtime;
}

/** A beginning is looked for from so many characters on. */
const leastCharacters = 3;
const mostFound = 50;

type Call = <T>(work: () => Promise<T>) => Promise<T>;

/** @param call what the ledger does around each of its calls. */
export function openConsoleSubscriptions(
  { lists, subscriptions, store, runtime }: ConsoleSubscriptionParts,
  call: Call,
): SubscriptionReads {
  const { writer, preview, delivers } = subscriptions;
  const now = (): string => runtime.now().toISOString();
  const history = (subscriptionId: string) =>
    store.readStream(subscriptionAggregate.stream(parse(idSchema, subscriptionId, 'subscriptionId')));
  const summary = async (subscriptionId: string): Promise<SubscriptionSummary | undefined> => {
    const folded = emptySubscription(subscriptionId);
    const taken = new ActionsTaken(); // Not shown here.
    for (const event of await history(subscriptionId)) foldSubscription(folded, event, taken);
    return subscriptionSummaryOf(folded);
  };
  const page = <T>(
    request: PageRequest | undefined,
    key: (row: T) => string,
    rows: (of: ConsoleSubscriptionRows, after: PageKey, limit: number) => readonly T[],
  ): Promise<Page<T>> =>
    call(async () => {
      const { after = '', limit = 100 } = parse(schemas.page, request ?? {}, 'page');
      const { models, lagMs } = await lists.opened();
      return pageOf(rows(models.console.subscriptions, pageKey(after), limit + 1), limit, key, lagMs());
    });

  async function find(text: string): Promise<readonly SubscriptionSummary[]> {
    const query = idInText(parse(schemas.text, text, 'text'));
    if (!isId(query)) return [];
    const owner = (await writer.linkOf(query))?.subscriptionId;
    const exact = await Promise.all([query, ...(owner === undefined ? [] : [owner])].map(summary));
    const { models } = await lists.opened();
    const others = query.length < leastCharacters ? [] : models.console.subscriptions.beginningWith(query, mostFound);
    const found = [...exact.filter((each) => each !== undefined), ...others];
    return found
      .filter((each, at) => found.findIndex(({ subscriptionId }) => subscriptionId === each.subscriptionId) === at)
      .slice(0, mostFound);
  }

  return {
    delivers,
    previewResolution: (...asked) => call(() => preview(...asked)),
    history: (subscriptionId) => call(() => history(subscriptionId)),
    summary: (subscriptionId) => call(() => summary(subscriptionId)),
    find: (text) => call(() => find(text)),
    newest: (request) => page(request, placedKey, (rows, after, limit) => rows.newest(after, limit)),
    ofMember: (memberId, request) => {
      const member = parse(idSchema, memberId, 'memberId');
      return page(request, placedKey, (rows, after, limit) => rows.ofMember(member, after, limit));
    },
    due: (request) =>
      page(
        request,
        ({ dueAt, subscriptionId }) => `${dueAt}/${subscriptionId}`,
        (rows, after, limit) => rows.due(now(), after, limit),
      ),
    inDunning: (request) =>
      page(
        request,
        ({ dunningSince, subscriptionId }) => `${dunningSince}/${subscriptionId}`,
        (rows, after, limit) => rows.inDunning(after, limit),
      ),
    reviews: (request) =>
      page(
        request,
        ({ openedAt, subscriptionId, reviewId }) => `${openedAt}/${subscriptionId}/${reviewId}`,
        (rows, after, limit) => rows.reviews(after, limit),
      ),
    undelivered: (request) =>
      page(
        request,
        ({ decidedAt, subscriptionId }) => `${decidedAt}/${subscriptionId}`,
        (rows, after, limit) => rows.undelivered(after, limit),
      ),
    ...openCounts(lists, now, call),
  };
}

function openCounts(lists: Lists, now: () => string, call: Call): Pick<SubscriptionReads, 'undeliveredByError' | 'counts'> {
  return {
    undeliveredByError: () => call(async () => shownGroups((await lists.opened()).models.console.subscriptions.undeliveredByError())),
    counts: () =>
      call(async () => {
        const { models, lagMs } = await lists.opened();
        return { ...models.console.subscriptions.counts(now()), lagMs: lagMs() };
      }),
  };
}

function placedKey({ placedAt, subscriptionId }: SubscriptionSummary): string {
  return `${placedAt}/${subscriptionId}`;
}
