// The page of an order: what heads it, what it offers, and what it hides, by roles and names and not by markup.
import { createPaymentLedger, type Fact, type PaymentLedger, type Preview, type Resolution, type Source } from '@paidonce/ledger';
import { explainHistory } from '@paidonce/ledger/audit';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Language, Permission } from '../../console-call.ts';
import { frame } from '../frame.ts';
import type { PageContext } from '../page-context.ts';
import { catalogues } from '../words.ts';
import { eventsShown, newest, orderPage } from './order.ts';
import { asOfIn, upTo } from './order-as-of.ts';
import { type OrderPageData, resolutions } from './order-data.ts';
import { orderTicket } from './order-ticket.ts';

let ledger: PaymentLedger;
let isBroken = false;
beforeEach(async () => {
  isBroken = false;
  ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    background: false,
    deliver: async () => {
      if (isBroken) throw Object.assign(new Error('secret'), { code: 'ECONNREFUSED' });
    },
  });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  await ledger.placeOrder({
    orderId: 'o-1',
    memberId: 'm-1',
    plan: 'year',
    amountMinor: 290_000,
    currency: 'twd',
    account: 'acct_1',
    livemode: true,
  });
});

const payment = { provider: 'stripe', account: 'acct_1', livemode: true, id: 'pi_3QWNLKBbiUnVdvQqqqqTiFFy5U' };
async function pay(totalMinor = 290_000, source: Exclude<Source, 'manual'> = 'webhook', orderId = 'o-1'): Promise<void> {
  await ledger.observePayment({
    source,
    payment,
    orderId,
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'twd' } },
    asOf: '2026-11-29T01:00:00Z',
    evidence: { objectId: payment.id, eventId: 'evt_1' },
  });
  if (!isBroken) return ledger.settle();
  // Until the shop has refused once. It would be tried for seconds.
  await expect
    .poll(async () => {
      await ledger.settle({ timeoutMs: 50 });
      return (await ledger.history(orderId)).map(({ type }) => type);
    })
    .toContain('DeliveryFailed');
}
/** Something else is reported of the payment. */
async function report(fact: Fact): Promise<void> {
  await ledger.observePayment({
    source: 'webhook',
    payment,
    fact,
    asOf: '2026-11-29T02:00:00Z',
    evidence: { objectId: payment.id },
  });
}

const all: readonly Permission[] = ['read', 'repair', 'money'];
function contextOf({
  lang = 'en',
  may = all,
  query = '',
}: {
  lang?: Language;
  may?: readonly Permission[];
  query?: string;
} = {}): PageContext {
  return {
    lang,
    words: catalogues[lang],
    timeZone: 'Asia/Taipei',
    now: Date.now(),
    base: '../',
    actor: 'sup-3',
    may: new Set(may),
    findPosts: false,
    url: { path: 'orders/o-1', query: new URLSearchParams(query) },
  };
}

async function dataOf(orderId = 'o-1', more: Partial<OrderPageData> = {}): Promise<OrderPageData> {
  const history = more.history ?? (await ledger.history(orderId));
  const order = more.asOf === undefined ? await ledger.order(orderId) : undefined;
  const explanation = explainHistory(orderId, history);
  if (!explanation) throw new Error('no order');
  const previews: Record<string, Record<Resolution, Preview>> = {};
  for (const { reviewId } of order?.openReviews ?? []) {
    const how = (resolution: Resolution) => ({ resolution, seenRevision: order?.revision ?? -1 });
    const found = await Promise.all(
      resolutions.map(async (each) => [each, await ledger.previewResolution(orderId, reviewId, how(each))] as const),
    );
    previews[reviewId] = Object.fromEntries(found) as unknown as Record<Resolution, Preview>;
  }
  const base = { orderId, explanation, history, previews, delivers: true, showsAll: false, skip: 0, manualId: 'manual:7c1f' };
  return { ...base, ...(order ? { order } : {}), ...more };
}

/** The text of a page without markup, and its controls by role and name. */
function read(markup: string) {
  const plain = (text: string): string =>
    text
      .replace(/<[^>]+>/g, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
      .replace(/\s+/g, ' ')
      .trim();
  const main = markup.slice(markup.indexOf('<main'), markup.indexOf('</main>'));
  const found = (pattern: RegExp): readonly string[] => [...main.matchAll(pattern)].map(([, text = '']) => plain(text));
  return {
    text: plain(main),
    headings: found(/<h[12][^>]*>(.*?)<\/h[12]>/gs),
    buttons: found(/<button class="btn[^"]*"[^>]*>(.*?)<\/button>/gs),
    rows: found(/<p class="t[^"]*">(.*?)<\/p>/gs),
    forms: [...main.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(([, action = '', inside = '']) => ({
      action,
      names: [...inside.matchAll(/ name="([^"]*)"/g)].map(([, name = '']) => name),
    })),
  };
}
const shown = async (context: PageContext = contextOf(), data?: OrderPageData) => {
  const given = data ?? (await dataOf());
  return read(frame(context, orderPage(context, given)));
};

describe("the shop's truth heads the page", () => {
  test('an order that the shop has saved is active', async () => {
    await pay();
    const page = await shown();
    expect(page.text).toContain('Order o-1ActiveActions');
    expect(page.headings).toEqual(['Order o-1', 'Timeline', 'Actions', 'At Stripe']);
    expect(page.rows).toEqual(['Order placed for 2,900.00 TWD', 'Membership granted Webhook']);
  });

  test('one that it has not saved is not delivered, and active only once saved', async () => {
    isBroken = true;
    await pay(290_000, 'poll');
    const page = await shown();
    expect(page.text).toContain('m-1 paid 2,900.00 TWD and should have access, but your shop has not saved it.');
    expect(page.text).toContain('Active, once saved');
    expect(page.text).toContain('Last error: ECONNREFUSED.');
    expect(page.text).not.toContain('secret');
    expect(page.text).not.toContain('Active since');
    expect(page.buttons[0]).toBe('Try now');
  });
});

describe('who gets in is what the shop has saved last', () => {
  const factOf = (text: string): string | undefined => /Membership(.*?)Paid/.exec(text)?.[1]?.trim();

  test('revoked, and the shop never had the grant: the member cannot get in', async () => {
    isBroken = true;
    await pay();
    await report({ kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 290_000 });
    expect(factOf((await shown()).text)).toBe('Revoked the member cannot get in');
  });

  test('revoked, and the shop has the grant alone: the member still gets in', async () => {
    await pay();
    isBroken = true;
    await report({ kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 290_000 });
    expect(factOf((await shown()).text)).toBe('Revoked the member still gets in');
  });

  test('active again, and the shop never had the pause: the member still gets in', async () => {
    await pay();
    isBroken = true;
    const dispute = { kind: 'dispute', id: 'du_1', amountMinor: 290_000, returnedDebit: false } as const;
    await report({ ...dispute, status: 'open', movements: 1 });
    await report({ ...dispute, status: 'won', movements: 2 });
    expect(factOf((await shown()).text)).toBe('Active, once saved the member still gets in');
  });

  test('active, and the shop has nothing: the member cannot get in yet', async () => {
    isBroken = true;
    await pay();
    expect(factOf((await shown()).text)).toBe('Active, once saved the member cannot get in yet');
  });

  test('a shop whose table was restored has what nobody knows', async () => {
    await pay();
    // As `paidonce compare --repair` asks for the delivery of what the shop has lost.
    const [last] = (await ledger.history('o-1')).slice(-1);
    const asked = { type: 'DeliveryTakenOver', data: { sequence: 1, by: { actor: 'support-7', reason: 'the table was restored' } } };
    const history = [...(await ledger.history('o-1')), { ...last!, ...asked, revision: last!.revision + 1 }];
    const page = await shown(contextOf(), await dataOf('o-1', { history }));
    expect(factOf(page.text)).toBe('Active, once saved');
  });
});

describe('a review', () => {
  test('has the amounts side by side, and each choice says what it would do', async () => {
    await pay(260_000);
    const page = await shown();
    expect(page.headings[1]).toBe('Less was paid than the order expects');
    expect(page.text).toContain('Came2,600.00 TWD');
    expect(page.text).toContain('Difference−300.00 TWD');
    expect(page.text).toContain('Accept it as full paymentm-1 gets plan year now. The missing 300.00 TWD is waived.');
    expect(page.text).toContain(
      'Do not accept itm-1 has no access, as now. The 2,600.00 TWD stays at Stripe until you refund it there; this refunds nothing.',
    );
    expect(page.forms.find(({ action }) => action.endsWith('/reviews/r1'))?.names).toEqual([
      'seenRevision',
      'resolution',
      'resolution',
      'resolution',
      'reason',
    ]);
  });

  test('has no choice preselected', async () => {
    await pay(260_000);
    expect(orderPage(contextOf(), await dataOf()).body.toString()).not.toContain(' checked');
  });
});

describe('what may not be done has no form', () => {
  test.each<[readonly Permission[], readonly string[]]>([
    [['read'], []],
    [
      ['read', 'repair'],
      ['redeliver', 'recheck', 'redeliver'],
    ],
    [
      ['read', 'money'],
      ['observe', 'move', 'link'],
    ],
  ])('with %j', async (may, actions) => {
    isBroken = true;
    await pay();
    const { forms } = await shown(contextOf({ may }));
    expect(forms.map(({ action }) => action.replace('../orders/o-1/', '')).filter((path) => !path.includes('preferences'))).toEqual(
      actions,
    );
  });

  test('what the shop has saved is not delivered again: one sentence says what may be done instead', async () => {
    await pay();
    const { forms, text } = await shown();
    expect(forms.some(({ action }) => action.endsWith('/redeliver'))).toBe(false);
    expect(text).toContain(
      'Your shop has saved decision 1, so there is nothing to deliver. If its table was restored from a backup, paidonce compare --repair finds',
    );
  });

  test('every POST carries the revision that the page shows', async () => {
    await pay(260_000);
    const { forms } = await shown();
    const posts = forms.filter(({ names }) => !names.includes('q') && !names.includes('to') && !names.includes('back') && names.length > 0);
    expect(posts.length).toBeGreaterThanOrEqual(4);
    for (const { action, names } of posts)
      if (!action.endsWith('/link')) expect([action, names]).toEqual([action, expect.arrayContaining(['seenRevision'])]);
  });

  test('a granted order cannot be withdrawn, an unpaid one can', async () => {
    expect((await shown()).buttons).toContain('Withdraw the order');
    await pay();
    expect((await shown()).buttons).not.toContain('Withdraw the order');
  });
});

describe('other states', () => {
  test('as it was: no forms, and a banner that says so', async () => {
    await pay();
    const history = upTo(await ledger.history('o-1'), (await ledger.history('o-1'))[0]?.metadata['recordedAt']);
    const page = await shown(contextOf(), await dataOf('o-1', { asOf: '2026-11-29T01:00:00.000Z', history }));
    expect(page.headings[1]).toBe('The order as it was at 29 Nov 09:00');
    expect(page.forms.filter(({ action }) => action.includes('orders/'))).toEqual([]);
  });

  test('not placed: what waits, and no actions', async () => {
    await pay(290_000, 'webhook', 'o-2');
    const page = await shown(contextOf(), await dataOf('o-2'));
    expect(page.headings).toEqual(['Order o-2', 'This order is not placed', 'Timeline', 'At Stripe']);
    expect(page.text).toContain('The order was not placed yet, so it waits.');
  });

  test('every event, with stream, revision and what is stored', async () => {
    await pay();
    const page = await shown(contextOf({ query: 'all=1' }), await dataOf('o-1', { showsAll: true }));
    expect(page.rows).toEqual(['OrderPlaced', 'PaymentObserved', 'MembershipGranted', 'MembershipDelivered']);
    expect(page.text).toContain('order-o-1@3');
    expect(page.text).toContain('"sequence": 1');
  });

  test('a notice after an action is made from its event', async () => {
    await pay();
    const stored = (await ledger.history('o-1'))[1]!;
    const page = await shown(contextOf(), await dataOf('o-1', { did: { stored, again: false } }));
    expect(page.headings[1]).toBe('Done');
    expect(page.text).toContain('DoneMembership granted: The webhook reported');
  });

  test('ids stand whole in the document, and nothing needs a style attribute or an inline script', async () => {
    await pay();
    const context = contextOf();
    const markup = frame(context, orderPage(context, await dataOf()));
    expect(read(markup).text).toContain(payment.id);
    expect(markup).not.toMatch(/ style=|<style|<script(?! src)| on\w+=/);
  });

  test('in Traditional Chinese no English sentence is left', async () => {
    await pay(260_000);
    const page = await shown(contextOf({ lang: 'zh-TW' }));
    expect(page.headings).toEqual(['訂單 o-1', '付款金額低於訂單應收金額', '時間軸', '摘要', '操作', '在 Stripe']);
    const english = page.text.match(/[A-Za-z]{3,}(?: [a-z]{2,}){2,}/g) ?? [];
    expect(english).toEqual([]);
  });

  test('a ticket is plain text: why, facts, ids, rows', async () => {
    await pay();
    const ticket = orderTicket(contextOf(), await dataOf());
    expect(ticket).toMatch(/^Order o-1: Active \(/);
    expect(ticket).toContain(`${payment.id} https://dashboard.stripe.com/acct_1/payments/${payment.id}`);
    expect(ticket).toContain('Membership granted | The webhook reported');
    expect(ticket).not.toMatch(/[<>]/);
  });
});

describe('a long timeline is bounded', () => {
  const rows = Array.from({ length: 400 }, (_, index) => ({ index, events: 2 }));
  test('to the newest events, with the others on pages before it', () => {
    const first = newest(rows, 0, ({ events }) => events);
    expect([first.items.length * 2, first.items.at(-1)?.index, first.before]).toEqual([eventsShown, 399, 150]);
    const second = newest(rows, first.items.length, ({ events }) => events);
    expect([second.items.length, second.items.at(-1)?.index, second.before]).toEqual([150, 149, 0]);
  });
  test('a row with more events than a page stands alone', () => {
    expect(newest([{ events: 10 }, { events: 900 }], 0, ({ events }) => events)).toEqual({ items: [{ events: 900 }], before: 1 });
  });
});

test.each([
  [null, undefined],
  ['2026-11-29', '2026-11-29T23:59:59.999Z'],
  ['2026-11-29T10:00', '2026-11-29T10:00:00.000Z'],
  ['2026-11-29T10:00:00+08:00', '2026-11-29T02:00:00.000Z'],
  ['2026-02-30', 'wrong'],
  ['2026-11-29T25:00', 'wrong'],
  ['yesterday', 'wrong'],
  ['', 'wrong'],
])('as-of %j', (text, expected) => {
  expect(asOfIn(text)).toBe(expected);
});
