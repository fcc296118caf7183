// The members of a shop that runs subscriptions by its own webhooks, as `import --subscriptions` reads them: CSV with a heading.
import { LedgerError } from '@paidonce/ledger';
import { csvRecords, idSchema, type SubscriptionPolicy } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { stripeAccountSchema } from '../stripe/stripe-objects.ts';

/** A subscription as the shop serves it today. */
export interface ShopSubscription {
  /** Stripe's id, `sub_…`. */
  readonly subscription: string;
  readonly memberId: string;
  /** A plan of the policy: what the shop gives now, or gave last. */
  readonly plan: string;
  /** True: the shop lets the member in now. */
  readonly active: boolean;
  /** Until when it does, by what it knows now. ISO 8601, or a day of UTC. Default: it does not say, and is not compared. */
  readonly until?: string;
  /** Its id in the ledger, and so the membership's at the shop. Default: Stripe's. */
  readonly subscriptionId?: string;
  /** At most one living subscription of a kind for a member. Default: `membership`. */
  readonly kind?: string;
  /** The connected account that has the subscription. Default: the key's own. */
  readonly account?: string;
}

/** A line of the file, or an element of the list, with the name that errors give it. */
export interface NamedSubscription extends ShopSubscription {
  readonly name: string;
}

const columns = ['subscription', 'member', 'plan', 'active', 'until', 'id', 'kind', 'account'] as const;
const required = ['subscription', 'member', 'plan', 'active'] as const;
/** More bad lines than these are counted, and not named. */
const mostNamed = 50;

const shape = {
  subscription: z.string().regex(/^sub_[A-Za-z0-9_]+$/, 'must be sub_… of Stripe'),
  plan: idSchema,
  kind: z.exactOptional(idSchema),
  account: z.exactOptional(stripeAccountSchema),
};
const timeSchema = z.union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a day like 2026-05-01, or a time with its zone');
const yes = ['true', 't', 'yes', '1'];
const no = ['false', 'f', 'no', '0'];
const flagSchema = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text) => yes.includes(text) || no.includes(text), 'must be true or false')
  .transform((text) => yes.includes(text));

const lineSchema = z
  .strictObject({ ...shape, member: idSchema, active: flagSchema, until: z.exactOptional(timeSchema), id: z.exactOptional(idSchema) })
  .transform(
    ({ member: memberId, id, ...rest }): ShopSubscription => ({ ...rest, memberId, ...(id === undefined ? {} : { subscriptionId: id }) }),
  );
const subscriptionSchema: z.ZodType<ShopSubscription> = z.strictObject({
  ...shape,
  memberId: idSchema,
  active: z.boolean(),
  until: z.exactOptional(timeSchema),
  subscriptionId: z.exactOptional(idSchema),
});

/** @throws LedgerError `invalid_input`: names every line that cannot be read, and why. */
export function readShopSubscriptions(csv: string): readonly ShopSubscription[] {
  return subscriptionsIn(csv).map(({ name: _, ...subscription }) => subscription);
}

/** As `readShopSubscriptions`, with the line of each. */
export function subscriptionsIn(csv: string): readonly NamedSubscription[] {
  const records = csvRecords(csv, { of: "the shop's subscriptions", columns, required });
  return checked(records.map(({ line, row }) => [`Line ${line}`, lineSchema.safeParse(row)]));
}

/** @throws LedgerError `invalid_input`: names every subscription that cannot be read, counted from 0. */
export function checkShopSubscriptions(subscriptions: Iterable<ShopSubscription>): readonly NamedSubscription[] {
  return checked([...subscriptions].map((each, index) => [`subscriptions[${index}]`, subscriptionSchema.safeParse(each)]));
}

/** @throws LedgerError `invalid_input`: names every subscription whose plan the policy does not have. */
export function refuseUnknownPlans(subscriptions: readonly NamedSubscription[], { plans }: Pick<SubscriptionPolicy, 'plans'>): void {
  const known = Object.keys(plans);
  if (known.length === 0) return;
  const bad = subscriptions.filter(({ plan }) => !known.includes(plan));
  refuse(bad.map(({ name, plan }) => `${name}: plan: the policy has no plan ${plan}; it has ${known.join(', ')}`));
}

type Parsed = readonly [name: string, parsed: z.ZodSafeParseResult<ShopSubscription>];

function checked(all: readonly Parsed[]): readonly NamedSubscription[] {
  const bad: string[] = [];
  const good = new Map<string, NamedSubscription>();
  const ids = new Map<string, string>();
  for (const [name, { data, error }] of all) {
    if (data === undefined) {
      bad.push(`${name}: ${(error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ')}`);
      continue;
    }
    const { subscription, subscriptionId = subscription } = data;
    const twice = good.get(subscription)?.name ?? ids.get(subscriptionId);
    if (twice === undefined) {
      good.set(subscription, { ...data, name });
      ids.set(subscriptionId, name);
    } else bad.push(`${name}: ${good.has(subscription) ? subscription : subscriptionId} stands there twice: ${twice} has it`);
  }
  refuse(bad);
  return [...good.values()];
}

function refuse(bad: readonly string[]): void {
  if (bad.length === 0) return;
  const more = bad.length > mostNamed ? [`and ${bad.length - mostNamed} more`] : [];
  throw new LedgerError('invalid_input', ['Nothing was imported:', ...bad.slice(0, mostNamed), ...more].join('\n'));
}
