// The command `paidonce compare` compares the shop's own table of memberships with the log, and asks for the delivery of what
// the shop lacks.
import { readFileSync } from 'node:fs';
import {
  compareShop,
  type DifferenceKind,
  type LedgerMembership,
  type MembershipType,
  type ShopDifference,
} from '../audit/compare/compare.ts';
import { type ShopMembership, shopMembershipsIn } from '../audit/compare/shop-memberships.ts';
import type { LogReader } from '../audit/log/log-reader.ts';
import { withSqliteLog } from '../audit/log/sqlite-copy.ts';
import { policiesIn } from '../audit/verify/policies.ts';
import { type Command, type Invocation, readingOptions } from '../command-line/command.ts';
import { openWritableStore, storeUrl } from '../command-line/open-store.ts';
import { grouped } from '../command-line/terminal.ts';
import { defined } from '../defined.ts';
import { invariant, LedgerError } from '../errors.ts';
import type { ManualAction } from '../observation.ts';
import { manualActionSchema } from '../observation.ts';
import { defaultPolicy } from '../order/policy.ts';
import { systemRuntime } from '../runtime.ts';
import { askDelivery, askSubscriptionDelivery } from '../streams/ask-delivery.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { openOrderStreams } from '../streams/order-streams.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { openSubscriptionStreams } from '../streams/subscription-streams.ts';
import { openTransactions } from '../streams/transact.ts';
import { asOfIn, measured, withCopy, withLog } from './open-log.ts';

export const compareCommand: Command = {
  positionals: [],
  details: [
    'The file is NDJSON or CSV with a heading: order, status (active, suspended, revoked, none), and where there are any',
    'sequence, member, plan. Without sequence, as while the ledger runs in shadow, none stands for no access, for any reason.',
    'The order is the membership: of a subscription its id. Where both stand in tables of their own, compare each with --only.',
    'Each line of the result is a membership that differs, with its kind; exits 3 where there is one. Without --repair it only reads.',
    '--repair asks for the delivery of what the shop lacks: any process of the shop that delivers takes it at once. Where the',
    'shop has the sequence already, the membership is decided again above it. What the log lacks it cannot repair: take it in',
    'from the provider first (paidonce-stripe backfill). A shop under load differs by what is being delivered: compare again.',
  ],
  options: {
    shop: { value: 'FILE', help: "the shop's memberships" },
    only: { value: 'TYPE', help: 'order or subscription: of which alone the file is; default: it has all memberships of both' },
    repair: { help: 'asks for delivery where the shop differs; needs --actor and --reason' },
    actor: { value: 'ID', help: 'who asks for it: an id, not a name' },
    reason: { value: 'TEXT', help: 'why: "the table was restored, ticket 12"' },
    ...readingOptions,
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const shop = shopMembershipsIn(readText(options.required('shop', "the shop's memberships, as NDJSON or CSV")));
    const by = options.flag('repair') ? whoAsks(invocation) : undefined;
    const only = onlyOf(options.text('only'));
    return withLog(invocation, async (log) => {
      const repairable: ShopDifference[] = [];
      const measure = measured(invocation, 'compare', log, withCopy(log, 1));
      const asOf = await asOfIn(invocation, log);
      const compared = await compareShop(log, shop, { ...asOf, ...defined({ only }), onEvents: measure.onEvents }, (difference) => {
        if (difference.repair === 'deliver' || difference.repair === 'raise') repairable.push(difference);
        terminal.out(options.flag('json') ? JSON.stringify(difference) : lineOf(difference));
      });
      const { orders, subscriptions, memberships, differing } = compared;
      const asked = by === undefined ? undefined : await repair(invocation, log, repairable, by);
      terminal.endProgress();
      if (options.flag('json')) terminal.out(JSON.stringify({ ...compared, ...(asked === undefined ? {} : { asked }) }));
      else {
        const inLog = [
          ...(only === 'subscription' ? [] : [`${grouped(orders)} orders`]),
          ...(only === 'subscription' || subscriptions > 0 ? [`${grouped(subscriptions)} subscriptions`] : []),
        ];
        terminal.out(`${inLog.join(', ')} and ${grouped(memberships)} memberships of the shop: ${grouped(differing)} differ.`);
        if (asked !== undefined) terminal.out(`Delivery was asked for ${grouped(asked)}. Compare again once the shop has run.`);
      }
      return differing === 0 ? 0 : 3;
    });
  },
};

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LedgerError('invalid_input', `${file} cannot be read: ${(error as Error).message}`);
  }
}

function onlyOf(text: string | undefined): MembershipType | undefined {
  if (text === undefined || text === 'order' || text === 'subscription') return text;
  throw new LedgerError('invalid_input', `--only is ${JSON.stringify(text)}. Give order or subscription`);
}

function whoAsks({ options }: Invocation): ManualAction {
  if (options.text('as-of') !== undefined) throw new LedgerError('invalid_input', '--repair needs the log as it is now. Leave --as-of out');
  const parsed = manualActionSchema.safeParse({
    actor: options.required('actor', 'who asks for the delivery'),
    reason: options.required('reason', 'why it is delivered again'),
  });
  if (parsed.success) return parsed.data;
  throw new LedgerError('invalid_input', '--actor is an id of 1 to 128 of A-Z a-z 0-9 . _ : -, --reason a text of at most 500 characters');
}

/** Asks for delivery, of each membership under the policy that it was last decided under. Returns for how many. */
async function repair(
  { options, env, terminal }: Invocation,
  log: LogReader,
  differences: readonly ShopDifference[],
  by: ManualAction,
): Promise<number> {
  if (differences.length === 0) return 0;
  const { ofOrders, ofSubscriptions } = await withSqliteLog(log, {}, async ({ log: file, upTo }) => policiesIn(file, upTo));
  const { store } = await openWritableStore(storeUrl(options.text('store'), env), { terminal });
  try {
    const transactions = openTransactions({ store, runtime: systemRuntime, instance: '' });
    let asked = 0;
    const hashIn = async (stream: string): Promise<string> => (await store.readStream(stream)).at(-1)?.metadata['policy'] ?? '';
    for (const { order, type, ledger, shop, repair: how } of differences) {
      const stored = how === 'raise' && shop?.sequence !== undefined ? { stored: shop.sequence } : {};
      const wanted = { sequence: ledger?.sequence ?? 0, ...stored };
      const ask = async (): Promise<'asked' | 'changed'> => {
        if (type !== 'subscription') {
          const { policy = defaultPolicy } = ofOrders.get(await hashIn(orderAggregate.stream(order))) ?? {};
          return askDelivery(openOrderStreams(transactions, policy, {}), order, wanted, by);
        }
        const { policy } = ofSubscriptions.get(await hashIn(subscriptionAggregate.stream(order))) ?? {};
        invariant(policy !== undefined, `subscription ${order} was decided under a policy that the log does not have`);
        const subscriptions = openSubscriptionStreams({ transactions, shared: transactions }, policy, {});
        return askSubscriptionDelivery(subscriptions, policy, order, wanted, by);
      };
      if ((await ask()) === 'asked') asked += 1;
    }
    return asked;
  } finally {
    await store.close();
  }
}

const kinds: Readonly<Record<DifferenceKind, string>> = {
  paid_not_fulfilled: 'paid, but not fulfilled',
  fulfilled_unpaid: 'fulfilled, but unpaid',
  access_ended: 'fulfilled, but access has ended',
  unknown_order: 'an unknown order',
  details: 'details differ',
};

const repairs: Readonly<Record<ShopDifference['repair'], string>> = {
  deliver: 'can be delivered again',
  raise: 'can be decided again above it',
  under_way: 'its delivery is under way',
  none: 'not in this log: take it in from the provider',
};

function lineOf({ order, kind, shop, ledger, repair: how }: ShopDifference): string {
  // Nothing can be delivered of an order that is placed, and for which nothing was decided.
  const repair = how === 'none' && ledger ? 'no payment counts here: end it in the shop, or find its payment' : repairs[how];
  return `${order}: ${kinds[kind]}: the shop has ${textOf(shop)}, the log ${textOf(ledger)}; ${repair}`;
}

function textOf(membership: Omit<ShopMembership, 'order'> | LedgerMembership | undefined): string {
  if (membership === undefined) return 'nothing';
  const { status, sequence, member, plan } = membership;
  const of = [
    sequence === undefined ? '' : ` (${sequence})`,
    member === undefined ? '' : ` of ${member}`,
    plan === undefined ? '' : `, ${plan}`,
  ];
  return `${status}${of.join('')}`;
}
