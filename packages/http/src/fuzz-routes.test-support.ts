// What the fuzz knows of the console, all of it from the console itself: its routes, what a page looks for behind the `?`, the words
// and cursors that it takes, and for each form what an operator would honestly send.
import { silentLogger } from '@paidonce/ledger/adapter';
import { type OrderFormName, orderForms } from './admin/forms.ts';
import { consoleRoutes } from './admin/routes.ts';
import { ConsoleProblem, type ConsoleRoute } from './console-call.ts';
import type { FuzzedShop } from './fuzz-shop.test-support.ts';

type Fields = Readonly<Record<string, string | readonly string[]>>;

export interface FuzzedRoute {
  /** `GET orders/:orderId`: for counting. */
  readonly name: string;
  readonly route: ConsoleRoute;
  /** The path below the mount that exists in the shop, and what the page needs behind the `?`. */
  readonly honest: { readonly params: Readonly<Record<string, string>>; readonly query: Fields };
  /** The names that the page looks for behind the `?`. */
  readonly asks: readonly string[];
  /** Only of a POST: what an operator would send. */
  readonly form?: HonestForm;
}

export interface HonestForm {
  readonly fields: Fields;
  /** The order or subscription has news since its first event: who has seen only that one has seen too little. */
  readonly hasNews: boolean;
}

export interface FuzzedConsole {
  readonly routes: readonly FuzzedRoute[];
  /** By the name of a part of the path: values that are in the shop. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** Ids, words, times and cursors that some page takes. */
  readonly values: readonly string[];
  readonly cursors: readonly string[];
}

const reason = 'ticket 4711';

/** What a page cannot be asked without. */
const neededQuery: Readonly<Record<string, Fields>> = {
  find: { q: 'order-1' },
  'orders/:orderId/move': { payment: 'pi_little_6', to: 'order-7' },
  'orders/:orderId/link': { payment: 'pi_held_1' },
  'runs/new': { kind: 'redeliver', id: ['order-4', 'order-3'] },
};
/** Where an action is honest: of these ids. Elsewhere the first of each does. */
const targets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'POST orders/:orderId/redeliver': { orderId: 'order-4' },
  'POST orders/:orderId/observe': { orderId: 'order-9' },
  'POST orders/:orderId/move': { orderId: 'order-6' },
  'GET orders/:orderId/move': { orderId: 'order-6' },
  'POST orders/:orderId/link': { orderId: 'order-8' },
  'GET orders/:orderId/link': { orderId: 'order-8' },
  'POST orders/:orderId/reviews/:reviewId': { orderId: 'order-3' },
  'POST orders/:orderId/withdraw': { orderId: 'order-2' },
  'POST subscriptions/:subscriptionId/redeliver': { subscriptionId: 'club-3' },
  'POST subscriptions/:subscriptionId/recheck': { subscriptionId: 'club-5' },
};

/** The routes of this shop's console, as it mounts them. */
export async function fuzzedConsole(shop: FuzzedShop): Promise<FuzzedConsole> {
  const ids: FuzzedConsole['ids'] = {
    orderId: Array.from({ length: 10 }, (_, at) => `order-${at + 1}`),
    memberId: ['m-1', 'm-2', 'm-3', 'm-club-1', 'm-club-2'],
    subscriptionId: ['club-1', 'club-2', 'club-3', 'club-4', 'club-5', 'sub_club-6'],
    reviewId: ['r1'],
    runId: shop.runIds,
  };
  const learned: Learned = { words: new Set(), cursors: new Set() };
  const routes: FuzzedRoute[] = [];
  for (const route of consoleRoutes({ payments: shop.payments })) {
    const name = `${route.method} ${route.pattern}`;
    const honest = { params: paramsOf(name, route, ids), query: route.method === 'GET' ? (neededQuery[route.pattern] ?? {}) : {} };
    const asks = route.method === 'GET' ? await learn(route, honest, learned) : [];
    routes.push({ name, route, honest, asks, ...(route.method === 'GET' ? {} : { form: await honestForm(shop, name, honest.params) }) });
  }
  const others = [shop.sessionId, 'pi_little_3', 'pi_good_4', 'pi_held_1', 'du_5', 'sub_club-1', 'in_1a', 'du_odd_1'];
  const plain = [
    '0',
    '1',
    '2',
    '30',
    '100',
    '1000',
    '2026-01-02',
    '2026-01-02T10:00',
    new Date().toISOString(),
    'pro',
    'Error',
    'Asia/Taipei',
  ];
  const cursors = [...learned.cursors];
  return { routes, ids, cursors, values: [...Object.values(ids).flat(), ...others, ...plain, ...learned.words, ...cursors] };
}

function paramsOf(name: string, { pattern }: ConsoleRoute, ids: FuzzedConsole['ids']): Readonly<Record<string, string>> {
  const names = pattern.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []));
  return Object.fromEntries(
    names.map((part) => {
      const value = targets[name]?.[part] ?? ids[part]?.[0];
      if (value === undefined) throw new Error(`${name}: the fuzz has no value for :${part}. Name one in fuzzedConsole`);
      return [part, value];
    }),
  );
}

/** Notes what is looked for in it. */
class NotedQuery extends URLSearchParams {
  readonly asked = new Set<string>();
  override get(name: string): string | null {
    this.asked.add(name);
    return super.get(name);
  }
  override getAll(name: string): string[] {
    this.asked.add(name);
    return super.getAll(name);
  }
}

interface Learned {
  readonly words: Set<string>;
  readonly cursors: Set<string>;
}

/** Asks the page with each name that it looks for, in turn; what it refuses names the words that it takes. */
async function learn(route: ConsoleRoute, { params, query }: FuzzedRoute['honest'], learned: Learned): Promise<readonly string[]> {
  const names = new Set(['every']); // Read before the route.
  const ask = async (fields: Fields, wantsPage = false): Promise<void> => {
    const noted = new NotedQuery(formText(fields));
    const operator = { actor: 'operator-1', may: new Set(['read', 'repair', 'money'] as const) };
    const shown = { language: 'en', timeZone: 'UTC', root: './', wantsPage, log: silentLogger } as const;
    try {
      const { body } = await route.answer({ method: 'GET', below: '', params, query: noted, fields: {}, operator, ...shown });
      for (const [, next = ''] of body.toString().matchAll(/"next":"([^"]+)"/g)) learned.cursors.add(next);
    } catch (error) {
      // What else fails is met again over the socket, where it counts.
      const words = error instanceof ConsoleProblem ? /must be one of (.+)\.$/.exec(error.message)?.[1] : undefined;
      for (const word of words?.split(', ') ?? []) learned.words.add(word);
    }
    for (const name of noted.asked) names.add(name);
  };
  for (const fields of [query, {}]) for (const wantsPage of [true, false]) await ask(fields, wantsPage);
  await ask({ ...query, limit: '1' });
  for (const name of names) for (const value of ['order-1', '1', 'no such word']) await ask({ ...query, [name]: value });
  return [...names];
}

/** @param params what stands for the parts with a name, as it is sent. */
export function pathOf({ pattern }: ConsoleRoute, params: Readonly<Record<string, string>>): string {
  const parts = pattern.split('/').map((part) => (part.startsWith(':') ? (params[part.slice(1)] ?? '') : part));
  return `/admin/payments${pattern === '' ? '' : `/${parts.join('/')}`}`;
}

export function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, each]));
}
export function formText(fields: Fields): string {
  return new URLSearchParams(pairsOf(fields)).toString();
}

/** What an operator sends from the page, with the revisions that it shows now. */
export async function honestForm(
  { ledger, sessionId }: FuzzedShop,
  name: string,
  { orderId = '', subscriptionId = '' }: Readonly<Record<string, string>>,
): Promise<HonestForm> {
  const others: Readonly<Record<string, Fields>> = {
    'POST find': { q: 'order-1' },
    'POST preferences': { lang: 'zh-TW', tz: 'Asia/Taipei', back: 'orders/order-1' },
    'POST recheck': { id: sessionId, reason },
    'POST runs': { kind: 'redeliver', id: ['order-4', 'order-3'], reason },
    'POST runs/:runId/cancel': { reason },
  };
  const other = others[name];
  if (other !== undefined) return { fields: other, hasNews: false };
  const found = Object.entries(orderForms).find(([, { path }]) => name.endsWith(`Id/${path}`));
  if (found === undefined) throw new Error(`${name}: the fuzz has no honest form of it. Name its fields here`);
  const [form, { fields }] = found as [OrderFormName, (typeof orderForms)[OrderFormName]];
  const seen = await (orderId === '' ? ledger.subscription(subscriptionId) : ledger.order(orderId));
  const typed: Fields = {
    seenRevision: String(seen?.revision),
    reason,
    paymentId: 'manual:7c1f',
    amount: '49.00',
    currency: 'usd',
    paidAt: '2026-01-02T09:30',
    timeZone: 'Asia/Taipei',
    payment: form === 'link' ? 'pi_held_1' : 'pi_little_6',
    to: 'order-7',
    toRevision: String((await ledger.order('order-7'))?.revision),
    resolution: 'dismiss',
  };
  const asked = fields.map((field): [string, string | readonly string[]] => {
    const value = typed[field];
    if (value === undefined) throw new Error(`${name}: the fuzz has nothing to type into ${field}. Name it here`);
    return [field, value];
  });
  return { fields: { reason, ...Object.fromEntries(asked) }, hasNews: form === 'move' || form === 'resolve' || form === 'redeliver' };
}
