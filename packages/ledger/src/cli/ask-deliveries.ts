// Asks for deliveries in the streams of orders and subscriptions, for the commands that deliver nothing themselves.
import type { MembershipType } from '../audit/compare/compare.ts';
import type { LogReader } from '../audit/log/log-reader.ts';
import { withSqliteLog } from '../audit/log/sqlite-copy.ts';
import { policiesIn, policyNamed } from '../audit/verify/policies.ts';
import type { Invocation, Options } from '../command-line/command.ts';
import { openWritableStore, storeUrl } from '../command-line/open-store.ts';
import { LedgerError } from '../errors.ts';
import { type ManualAction, manualActionSchema } from '../observation.ts';
import { systemRuntime } from '../runtime.ts';
import { askDelivery, askSubscriptionDelivery, type DeliveryWanted } from '../streams/ask-delivery.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { openOrderStreams } from '../streams/order-streams.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { openSubscriptionStreams } from '../streams/subscription-streams.ts';
import { openTransactions } from '../streams/transact.ts';

/** A membership whose newest decision the shop should get. */
export interface WantedMembership extends DeliveryWanted {
  readonly type: MembershipType;
  readonly id: string;
}

/** Who asks, as `--actor` and `--reason` say. @throws LedgerError `invalid_input`: one is missing, or wrong. */
export function whoAsks(options: Options): ManualAction {
  const parsed = manualActionSchema.safeParse({
    actor: options.required('actor', 'who asks for it'),
    reason: options.required('reason', 'why it is asked for'),
  });
  if (parsed.success) return parsed.data;
  throw new LedgerError('invalid_input', '--actor is an id of 1 to 128 of A-Z a-z 0-9 . _ : -, --reason a text of at most 500 characters');
}

/**
 * Asks for each under the policy that it was last decided under. Returns for how many: the others have a newer decision by now.
 * @throws LedgerError `file_newer`: this release does not know one of these policies; nothing was asked for.
 */
export async function askDeliveries(
  { options, env, terminal }: Invocation,
  log: LogReader,
  memberships: readonly WantedMembership[],
  by: ManualAction,
): Promise<number> {
  if (memberships.length === 0) return 0;
  const { ofOrders, ofSubscriptions } = await withSqliteLog(log, {}, async ({ log: file, upTo }) => policiesIn(file, upTo));
  const { store } = await openWritableStore(storeUrl(options.text('store'), env), { terminal });
  try {
    const transactions = openTransactions({ store, runtime: systemRuntime, instance: '' });
    const hashIn = async (stream: string): Promise<string> => (await store.readStream(stream)).at(-1)?.metadata['policy'] ?? '';
    const askFor = async ({ type, id, ...wanted }: WantedMembership): Promise<() => Promise<'asked' | 'changed'>> => {
      if (type === 'order') {
        const policy = policyNamed(ofOrders, await hashIn(orderAggregate.stream(id)), `order ${id}`);
        return () => askDelivery(openOrderStreams(transactions, policy, {}), id, wanted, by);
      }
      const policy = policyNamed(ofSubscriptions, await hashIn(subscriptionAggregate.stream(id)), `subscription ${id}`);
      const subscriptions = openSubscriptionStreams({ transactions, shared: transactions }, policy, {});
      return () => askSubscriptionDelivery(subscriptions, policy, id, wanted, by);
    };
    // All policies are known before anything is asked for.
    const asks: (() => Promise<'asked' | 'changed'>)[] = [];
    for (const membership of memberships) asks.push(await askFor(membership));
    let asked = 0;
    for (const ask of asks) if ((await ask()) === 'asked') asked += 1;
    return asked;
  } finally {
    await store.close();
  }
}
