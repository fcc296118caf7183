// Explains why a subscription has its membership, and what happens next. Reads its own stream and its reference streams, up to
// their end or up to an earlier position.
import { defined } from '../../defined.ts';
import type { StoredEvent } from '../../event-store/event-store.ts';
import { type PaymentReference, referenceName } from '../../observation.ts';
import type { MembershipStatus } from '../../order/order.ts';
import { namesIn } from '../../streams/named-references.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import { subscriptionAggregate } from '../../streams/subscription-aggregate.ts';
import { isSubscriptionDecision } from '../../subscription/events.ts';
import type { SubscriptionState } from '../../subscription/subscription.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type LogRow, storedEvent } from '../log/log-row.ts';
import { type ExplainOptions, placedBy } from './explain.ts';
import { type SubscriptionEntry, type SubscriptionRow, subscriptionRows } from './subscription-rows.ts';

/** Why a subscription has its membership. `subscriptionLines` turns it into text. Times are ISO 8601 UTC. */
export interface SubscriptionExplanation {
  readonly subscriptionId: string;
  /** Absent until it is placed. */
  readonly memberId?: string;
  /** What was paid for; before any access, what was placed. Absent until it is placed. */
  readonly plan?: string;
  readonly quantity: number;
  readonly membership: MembershipStatus;
  /** When the newest change of the status was recorded. Absent: it was never granted. */
  readonly since?: string;
  readonly trial: boolean;
  readonly paidThrough?: string;
  /** While active: when it would end unless a renewal is paid. Else: when it ended, or would. Absent: nothing was decided. */
  readonly validUntil?: string;
  readonly openReviews: number;
  /** How many decisions there are; this is also the number of the newest one. */
  readonly sequence: number;
  /** The newest decision that the shop has; 0: none. */
  readonly delivered: number;
  /** What happened, oldest first. */
  readonly entries: readonly SubscriptionEntry[];
  /** The same in rows. */
  readonly rows: readonly SubscriptionRow[];
}

/**
 * Explains one subscription. Undefined: the log has no such one, or had none at `asOf`.
 * @throws LedgerError `corrupt`, `file_newer`: its stream cannot be read. Also what the store throws.
 */
export async function explainSubscription(
  log: LogReader,
  subscriptionId: string,
  { asOf }: Pick<ExplainOptions, 'asOf'> = {},
): Promise<SubscriptionExplanation | undefined> {
  const until = (row: LogRow): boolean => asOf === undefined || row.position <= asOf;
  const stored = (await log.stream(subscriptionAggregate.stream(subscriptionId))).filter(until).map(storedEvent);
  const links: SubscriptionEntry[] = [];
  for (const reference of referencesIn(stored)) {
    const rows = (await log.stream(referenceAggregate.stream(reference))).filter(until);
    links.push(...rows.flatMap((row) => linkIn(storedEvent(row), subscriptionId, reference)));
  }
  return explained(subscriptionId, stored, links);
}

/**
 * Explains every subscription of a member, in the order in which they were placed. Empty: the member has none.
 * @throws LedgerError as `explainSubscription`.
 */
export async function explainMemberSubscriptions(
  log: LogReader,
  memberId: string,
  options: ExplainOptions = {},
): Promise<readonly SubscriptionExplanation[]> {
  const ids = await placedBy(log, memberId, { type: 'SubscriptionPlaced', prefix: subscriptionAggregate.stream('') }, options);
  const explained = await Promise.all(ids.map((id) => explainSubscription(log, id, options)));
  return explained.filter((each) => each !== undefined);
}

/**
 * Explains one subscription from its own stream alone. Undefined: there is no such one.
 * @throws LedgerError `corrupt`, `file_newer`: an event cannot be read.
 */
export function explainSubscriptionHistory(subscriptionId: string, history: readonly StoredEvent[]): SubscriptionExplanation | undefined {
  return explained(subscriptionId, history, []);
}

function explained(
  subscriptionId: string,
  stored: readonly StoredEvent[],
  links: readonly SubscriptionEntry[],
): SubscriptionExplanation | undefined {
  if (stored.length === 0) return undefined;
  let state: SubscriptionState = subscriptionAggregate.initial(subscriptionId);
  let since: string | undefined;
  const own = stored.map((event): SubscriptionEntry => {
    const read = subscriptionAggregate.read(event);
    const before = state.membership;
    const entry = entryOf(event, read);
    state = subscriptionAggregate.evolve(state, read, entry.instance);
    if (isSubscriptionDecision(read) && state.membership !== before) since = entry.at;
    return entry;
  });
  // At the same time the entry of a link comes before the entry that uses it.
  const entries = [...links, ...own].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const { placed, decided, membership, reviews, sequence, delivery } = state;
  return {
    subscriptionId,
    ...defined({ memberId: placed?.memberId, plan: decided?.plan ?? placed?.plan }),
    quantity: decided?.quantity ?? 1,
    membership,
    trial: decided?.trial === true,
    ...defined({ since, paidThrough: decided?.paidThrough, validUntil: decided?.validUntil }),
    openReviews: reviews.filter(({ resolution }) => resolution === undefined).length,
    sequence,
    delivered: delivery.settled,
    entries,
    rows: subscriptionRows(entries),
  };
}

function entryOf({ stream, revision, metadata }: StoredEvent, event: SubscriptionEntry['event']): SubscriptionEntry {
  const { recordedAt = '', instance = '', cause = '', policy = '' } = metadata;
  const append = `${recordedAt} ${instance} ${cause} ${policy}`;
  return { at: recordedAt, place: `${stream}@${revision}`, append, instance, policy, isImport: cause.startsWith('import '), event };
}

function linkIn(stored: StoredEvent, subscriptionId: string, reference: string): readonly SubscriptionEntry[] {
  const event = referenceAggregate.read(stored);
  if (event.type !== 'SubscriptionLinked' || event.data.subscriptionId !== subscriptionId) return [];
  return [{ ...entryOf(stored, { type: 'SubscriptionLinked', reference }), append: '', instance: '', policy: '' }];
}

/** The sessions, and the references that the facts name. */
function referencesIn(stored: readonly StoredEvent[]): ReadonlySet<string> {
  const names = stored.flatMap((event) => {
    const { type, data } = subscriptionAggregate.read(event);
    if (type === 'CheckoutAttached') return [referenceName(data.payment as PaymentReference)];
    if (type !== 'SubscriptionObserved') return [];
    return [referenceName(data.subscription), ...namesIn({ ...data, statements: [data] }).map(({ name }) => name)];
  });
  return new Set(names);
}
