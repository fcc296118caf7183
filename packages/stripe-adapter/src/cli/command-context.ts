// Opens what a command works on: the shop's log under the shop's own policy, and Stripe by the shop's key. It delivers
// nothing: a running shop takes over at once what is decided here.

import { readFileSync } from 'node:fs';
import type { EventStore } from '@paidonce/ledger';
import {
  createPaymentLedger,
  LedgerError,
  type Logger,
  type PaymentLedger,
  type PaymentLedgerOptions,
  type Policy,
  type SubscriptionPolicyOptions,
} from '@paidonce/ledger';
import { defined, hasReadModels, isId } from '@paidonce/ledger/adapter';
import { type Invocation, type OptionSpec, type Options, openWritableStore, storeOption, storeUrl } from '@paidonce/ledger/command-line';
import Stripe from 'stripe';
import { otherScopesText } from '../intake/our-ledger.ts';
import { type BatchContext, openBatchContext } from '../operations/batch-context.ts';
import { checkKeyMayGoTo } from '../stripe/api-address.ts';

const stripeOptions: Readonly<Record<string, OptionSpec>> = {
  'api-base': { value: 'URL', help: 'another Stripe, like a sandbox: http://127.0.0.1:12111. Default: STRIPE_API_BASE, else Stripe' },
  'trust-api-base': { help: 'that address may have the key: a live one over https, or a test key over plain http' },
  account: { value: 'ACCT', help: "the key's account, where the key may not ask for it" },
  scope: { value: 'SCOPE', help: 'as in stripePayments. Default: paidonce' },
  'former-ledger': { value: 'ID', help: 'take over what a lost log made, by its identity; several with commas between' },
};
export const shopOptions: Readonly<Record<string, OptionSpec>> = { ...storeOption, ...stripeOptions };

export interface OpenShop {
  readonly store: EventStore;
  readonly ledger: PaymentLedger;
  readonly work: BatchContext;
}

/** @throws LedgerError `invalid_input`: no key is set, no store is named, or an option cannot be used. Also what `use` throws. */
export async function withShop<T>(invocation: Invocation, use: (shop: OpenShop) => Promise<T>): Promise<T> {
  const { options } = invocation;
  const stripe = openStripe(invocation);
  const marks = marksIn(invocation);
  return withLedger(invocation, async ({ store, ledger }) => {
    const work = openBatchContext({
      ledger,
      stripe,
      ...marks,
      log: logTo(invocation),
      ...defined({ account: options.text('account') }),
    });
    const result = await use({ store, ledger, work });
    await work.siblings.settled();
    const others = scopeGiven(invocation) === undefined ? otherScopesText(work.ourLedger.otherScopes) : undefined;
    if (others !== undefined) invocation.terminal.err(`${others}.`);
    return result;
  });
}

/** What shows that an object is the shop's. @throws LedgerError `invalid_input`: `--former-ledger` is no list of ids. */
export function marksIn(invocation: Invocation): { readonly scope: string; readonly formerLedgers: readonly string[] } {
  const former = invocation.options.text('former-ledger');
  const formerLedgers = former === undefined ? [] : former.split(',').map((id) => id.trim());
  if (!formerLedgers.every(isId))
    throw new LedgerError('invalid_input', `--former-ledger is ${JSON.stringify(former)}; doctor shows which ledger it was`);
  return { scope: scopeGiven(invocation) ?? 'paidonce', formerLedgers };
}

function scopeGiven({ options, env }: Invocation): string | undefined {
  return options.text('scope') ?? env['PAIDONCE_SCOPE'];
}

/**
 * The ledger alone, without Stripe; it is closed in the end.
 *
 * @throws LedgerError `invalid_input`: no store is named. Also what `use` throws.
 */
export async function withLedger<T>(invocation: Invocation, use: (shop: Omit<OpenShop, 'work'>) => Promise<T>): Promise<T> {
  const { options, env, terminal, runtime = {} } = invocation;
  const create = options.knows('create') ? options.flag('create') : undefined;
  const { store } = await openWritableStore(storeUrl(options.text('store'), env), { terminal, ...defined({ create }) });
  const policies = withGivenPolicy(await policiesInForce(store), options);
  await using ledger = createPaymentLedger({
    eventStore: store,
    background: false,
    log: logTo(invocation),
    runtime,
    // A command makes no file beside the log, and drops none that a shop of another release uses.
    ...(create === true || hasReadModels(`${'path' in store ? store.path : ''}.read-models`) ? {} : { readModels: ':memory:' }),
    ...policies,
  });
  return await use({ store, ledger });
}

/** @throws LedgerError `invalid_input`: `--policy` is no JSON, or the log has a policy already, which counts. */
function withGivenPolicy(
  inForce: Pick<PaymentLedgerOptions, 'policy' | 'subscriptions'>,
  options: Options,
): Pick<PaymentLedgerOptions, 'policy' | 'subscriptions'> {
  const file = options.knows('policy') ? options.text('policy') : undefined;
  if (file === undefined) return inForce;
  if (inForce.subscriptions)
    throw new LedgerError('invalid_input', 'The log has a policy of subscriptions, which counts. Leave --policy out');
  return { ...inForce, subscriptions: { policy: policyIn(readGiven('policy', file)) } };
}

/** Without plans every price would give access. */
function policyIn(text: string): SubscriptionPolicyOptions {
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === 'object' && policy !== null && 'plans' in policy) return policy as SubscriptionPolicyOptions;
  } catch {
    // It is refused below.
  }
  throw new LedgerError(
    'invalid_input',
    '--policy is no JSON object with `plans`. Write what createPaymentLedger has as subscriptions.policy',
  );
}

interface Adopted {
  readonly hash?: string;
  readonly policy?: Policy & { readonly type?: 'subscription' };
}

/** Decisions must follow the shop's policies: our defaults would be others. Without one of subscriptions there are none. */
async function policiesInForce(store: EventStore): Promise<Pick<PaymentLedgerOptions, 'policy' | 'subscriptions'>> {
  const adopted = (await store.readStream('policy')).map(({ data }) => data as Adopted);
  const isOfSubscriptions = ({ policy }: Adopted): boolean => policy?.type === 'subscription';
  const ofOrders = adopted.filter((each) => !isOfSubscriptions(each));
  const ofSubscriptions = adopted.filter(isOfSubscriptions);
  const policy = await newestUsed(store, ofOrders, 'order-');
  const { type: _, ...plans } = (await newestUsed(store, ofSubscriptions, 'subscription-')) ?? {};
  return {
    ...(policy ? { policy: { rules: 1, ...policy } } : {}), // A policy without rules has the first ones.
    ...(ofSubscriptions.length > 0 ? { subscriptions: { policy: plans as SubscriptionPolicyOptions } } : {}),
  };
}

/**
 * A policy is adopted once, so among several the newest append to a stream shows which one is in effect; only then the log is
 * read through.
 */
async function newestUsed(store: EventStore, adopted: readonly Adopted[], prefix: string): Promise<Adopted['policy']> {
  let hash = adopted.at(-1)?.hash;
  if (adopted.length > 1) {
    for await (const { events } of store.readLog({ prefixes: [prefix] })) hash = events.at(-1)?.metadata['policy'] ?? hash;
  }
  return adopted.find((each) => each.hash === hash)?.policy;
}

/**
 * `--trust-api-base` lets the key go to another host than Stripe's; `PAIDONCE_SANDBOX=1`, with which the shop is told the same,
 * lets a test key.
 *
 * @throws LedgerError `invalid_input`: STRIPE_SECRET_KEY is not set, `--api-base` is no URL, or the key must not go there.
 */
export function openStripe({ options, env }: Invocation): Stripe {
  const key = env['STRIPE_SECRET_KEY'] ?? '';
  if (key === '') throw new LedgerError('invalid_input', 'STRIPE_SECRET_KEY is not set. It is the key that the shop uses');
  const base = options.text('api-base') ?? env['STRIPE_API_BASE'];
  if (base === undefined || base === '') return new Stripe(key, { telemetry: false });
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new LedgerError('invalid_input', `--api-base is ${JSON.stringify(base)}; it must be like http://127.0.0.1:12111`);
  const { protocol, hostname, port } = new URL(base);
  const isHttps = protocol === 'https:';
  const isTrusted = options.flag('trust-api-base') || (env['PAIDONCE_SANDBOX'] === '1' && key.startsWith('sk_test_'));
  const address = { host: hostname, protocol: isHttps ? 'https' : 'http', key } as const;
  checkKeyMayGoTo(address, isTrusted ? hostname : undefined, 'say --trust-api-base');
  return new Stripe(key, { host: hostname, port: port || (isHttps ? 443 : 80), protocol: address.protocol, telemetry: false });
}

/** The text of the file that an option names. @throws LedgerError `invalid_input`: it cannot be read. */
export function readGiven(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LedgerError('invalid_input', `--${option}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export function logTo({ terminal }: Invocation): Logger {
  const print = (_: object, message: string): void => terminal.err(message);
  return { info: () => undefined, warn: print, error: print };
}

const dayMs = 24 * 3_600_000;

/** `30d`, `12h`, or a time. @throws LedgerError `invalid_input`: it is none of these. */
export function sinceIn(text: string, now: Date): Date {
  const [, count, unit] = /^(\d{1,4})([dh])$/.exec(text) ?? [];
  const at = count === undefined ? new Date(text) : new Date(now.getTime() - Number(count) * (unit === 'd' ? dayMs : dayMs / 24));
  if (Number.isNaN(at.getTime())) {
    throw new LedgerError('invalid_input', `--since is ${JSON.stringify(text)}; it must be like 30d, 12h or 2026-11-01`);
  }
  return at;
}
