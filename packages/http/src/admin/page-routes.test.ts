// What the addresses of the console answer: pages or JSON, redirects of the search, refusals that name the parameter.
import type { Hit } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import type { Console } from '../console-call.ts';
import { paymentConsole } from '../fetch.ts';
import { scriptFile, styleSheet } from './assets.ts';
import { activity, fakeConsole, fakeReads, orders } from './fake-console.test-support.ts';
import { activityCsv } from './pages/activity.ts';

type Change = Parameters<typeof fakeReads>[0];

function consoleWith(change: Change = {}, hooks: Partial<Console> = {}) {
  const { payments } = fakeConsole(change);
  const handler = paymentConsole({ payments, authenticate: () => ({ actor: 'sup-3' }), ...hooks });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    handler(new Request(`http://shop.example/admin/payments/${path}`, { ...init, headers: { accept: 'text/html', ...init.headers } }));
  const post = (path: string, fields: Record<string, string>): Promise<Response> =>
    ask(path, { method: 'POST', body: new URLSearchParams(fields), headers: { 'sec-fetch-site': 'same-origin' } });
  return { ask, post, json: (path: string) => ask(path, { headers: { accept: 'application/json' } }) };
}
const nothingFound: Change = { find: async (text) => ({ query: text, hits: [], more: false, lagMs: 0 }) };
const summary = orders[0] as (typeof orders)[number];

describe('what cannot be read', () => {
  test.each([
    ['orders?status=great', 'status'],
    ['orders?plan=a%20b', 'plan'],
    ['queues/reviews?kind=odd', 'kind'],
    ['queues/reviews?after=a%20b', 'after'],
    ['activity?action=fly', 'action'],
    ['activity?actor=ada%40example.org', 'actor'],
    ['find?q=o-1&kind=odd', 'kind'],
    ['runs/new?kind=odd', 'kind'],
    ['runs/new?id=%3Cscript%3E', 'id'],
    ['?every=5', 'every'],
    ['?every=x', 'every'],
    ['queues/undelivered?every=30', 'every'],
    [`find?q=${'x'.repeat(401)}`, 'q'],
  ])('%s is a 400 that names the parameter', async (path, name) => {
    const { ask } = consoleWith();
    const response = await ask(path);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(new RegExp(`<h2>${name}\\b`));
  });

  test('markup in what was typed is text', async () => {
    const text = `"><script>alert('1')</script>`;
    const page = await (await consoleWith(nothingFound).ask(`find?q=${encodeURIComponent(text)}`)).text();
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&#60;script&#62;alert');
  });
});

describe('find', () => {
  const found = (...hits: readonly Hit[]): Change => ({ find: async (text) => ({ query: text, hits, more: false, lagMs: 0 }) });
  const orderHit = (orderId: string): Hit => ({ kind: 'order', order: { ...summary, orderId } });

  test.each([
    ['nothing typed', '', found(), './'],
    ['an order', 'o-1', found(orderHit('o-1'), orderHit('o-11')), './orders/o-1'],
    ['in other letters', 'O-1', found(orderHit('o-1')), './orders/o-1'],
    ['a member', 'm-1', found({ kind: 'member', memberId: 'm-1', orders: 1, newest: summary }), './members/m-1'],
    ['an object', 're_1', found({ kind: 'object', objectId: 're_1', type: 're', order: summary }), `./orders/${summary.orderId}`],
    [
      'a held payment',
      'pi_9',
      found({ kind: 'held', payment: { provider: 'stripe', account: 'acct_1', livemode: true, id: 'pi_9' } }),
      './queues/held',
    ],
  ])('%s leads straight there', async (_, text, change, location) => {
    const response = await consoleWith(change).ask(`find?q=${text}`);
    expect([response.status, response.headers.get('location')]).toEqual([303, location]);
  });

  test('several are listed; a tab shows one kind', async () => {
    const { ask } = consoleWith();
    expect((await ask('find?q=o-105')).status).toBe(200);
    expect(await (await ask('find?q=o-105&kind=order')).text()).toContain('aria-current="page">Orders 6<');
  });

  test('without findMember the box sends an address, and nobody else is asked', async () => {
    const page = await (await consoleWith(nothingFound).ask('find?q=ada@example.org')).text();
    expect(page).toContain('action="./find" method="get"');
  });

  describe('with findMember', () => {
    const asked: string[] = [];
    const withMembers = (members: readonly string[] | Error) =>
      consoleWith(nothingFound, {
        findMember: async (text) => {
          asked.push(text);
          if (members instanceof Error) throw members;
          return members;
        },
      });

    test.each([
      ['one', ['m-1042'], './members/m-1042'],
      ['several', ['m-1042', 'm-1050', 'm-1042'], './find?member=m-1042,m-1050'],
    ])('%s member of an e-mail: the address of the page has ids alone', async (_, members, location) => {
      const response = await withMembers(members).post('find', { q: 'ada@example.org' });
      expect([response.status, response.headers.get('location')]).toEqual([303, location]);
    });

    test('an id of ours is never sent to the shop', async () => {
      asked.length = 0;
      const findMember = async (text: string): Promise<readonly string[]> => {
        asked.push(text);
        return [];
      };
      const { post } = consoleWith({}, { findMember });
      expect((await post('find', { q: 'o-10519' })).headers.get('location')).toBe('./orders/o-10519');
      expect(asked).toEqual([]);
    });

    test('a shop that fails or hangs is named, and the page comes', async () => {
      const failed = await withMembers(new Error('down')).post('find', { q: 'ada@example.org' });
      expect(failed.status).toBe(404);
      expect(await failed.text()).toContain('Your shop did not answer');
      let aborted = false;
      const { post } = consoleWith(nothingFound, {
        findMember: (_, signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => {
              aborted = true;
            });
          }),
      });
      expect(await (await post('find', { q: 'ada@example.org' })).text()).toContain('Your shop did not answer');
      expect(aborted).toBe(true);
    });

    test('at most 20 members, and only ids, are taken from it', async () => {
      const many = Array.from({ length: 30 }, (_, at) => `m-${at}`);
      const { post } = consoleWith(nothingFound, { findMember: async () => ['<b>', ...many] });
      const location = (await post('find', { q: 'ada' })).headers.get('location') ?? '';
      expect(location.split('member=')[1]?.split(',')).toEqual(many.slice(0, 20));
    });

    test('the box sends by POST, so that an e-mail address stands in no URL', async () => {
      expect(await (await withMembers([]).ask('orders')).text()).toContain('action="./find" method="post"');
    });
  });
});

describe('the member page', () => {
  test('shows what the shop says, with a link that is one', async () => {
    const described = (url: string) =>
      consoleWith({}, { describeMember: async () => ({ text: 'joined in 2025', url }) }).ask('members/m-1042');
    const page = await (await described('https://shop.example/members/m-1042')).text();
    expect(page).toContain('joined in 2025');
    expect(page).toContain('href="https://shop.example/members/m-1042"');
    expect(await (await described('javascript:alert(1)')).text()).not.toContain('javascript:');
  });
});

describe('the overview', () => {
  const none = { count: 0 };
  const empty: Change = {
    orders: async () => ({ items: [], lagMs: 0 }),
    queues: async () => ({
      queues: { reviews: none, undelivered: none, awaiting: none, held: none, suspended: none, unreadable: none },
      lagMs: 0,
    }),
    undeliveredByError: async () => [],
    accountHealth: async () => [],
  };

  test('before the first order says what is still to be done', async () => {
    const page = await (await consoleWith(empty).ask('')).text();
    expect(page).toContain('<h1>Ready for the first order</h1>');
    expect(page).toContain('1 of 5 done');
    expect(page.match(/<li><span class="i i-(ok|ring)">/g)).toHaveLength(5);
  });

  test('where everything waits for nobody says so', async () => {
    const { ask } = consoleWith({ ...empty, orders: async () => ({ items: orders, lagMs: 0 }) });
    expect(await (await ask('')).text()).not.toContain('has not saved');
  });

  test.each([
    [60_000, undefined],
    [61_000, 'The lists are 61 s behind the log'],
    [Number.POSITIVE_INFINITY, 'The lists have not caught up with the log yet'],
  ])('with lists %d ms behind has a banner, or none', async (lagMs, banner) => {
    const { ask } = consoleWith({ queues: async () => ({ ...(await fakeReads().queues()), lagMs }) });
    const page = await (await ask('orders')).text();
    if (banner === undefined) expect(page).not.toContain('class="banner');
    else expect(page).toContain(`<h2>${banner}</h2>`);
  });
});

describe('JSON', () => {
  test('has the same data, and as many rows as were asked for', async () => {
    const { json } = consoleWith();
    expect(await (await json('orders?limit=2')).json()).toMatchObject({
      items: [{ orderId: 'o-10519' }, { orderId: 'o-10518' }],
      lagMs: 400,
    });
    expect((await json('orders?limit=0')).status).toBe(400);
    expect(await (await json('runs/b-19')).json()).toMatchObject({ runId: 'b-19', state: 'running' });
    expect((await json('runs/b-0')).status).toBe(404);
  });
});

describe('files', () => {
  test.each([styleSheet, scriptFile])('$name is kept for ever, and needs nobody to sign in', async ({ name, body }) => {
    const { payments } = fakeConsole();
    const handler = paymentConsole({ payments, authenticate: () => undefined });
    const response = await handler(new Request(`http://shop.example/admin/payments/${name}`));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(await response.text()).toBe(body);
  });

  test('the style sheet is below 28 KB, the script below 2 KB', () => {
    expect(styleSheet.body.length).toBeLessThan(28 * 1_024);
    expect(scriptFile.body.length).toBeLessThan(2 * 1_024);
  });
});

describe('CSV', () => {
  test('comes as a file with a row for each action', async () => {
    const response = await consoleWith().ask('activity.csv?actor=sup-3');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="activity.csv"');
    expect((await response.text()).split('\r\n')).toHaveLength(activity.length + 2);
  });

  test.each([
    [9_000, 'activity.csv', 9_000],
    [10_000, 'activity.csv', 10_000],
    [10_001, 'activity-newest-10000.csv', 10_000],
  ])('of %d actions the file says by its name whether it ends before the oldest', async (all, name, rows) => {
    const [row] = activity as readonly [(typeof activity)[number]];
    const change: Change = {
      activity: async ({ limit = 50, after = '0' } = {}) => {
        const end = Math.min(all, Number(after) + limit);
        const items = Array.from({ length: end - Number(after) }, () => row);
        return { items, lagMs: 0, ...(end < all ? { next: String(end) } : {}) };
      },
    };
    const response = await consoleWith(change).ask('activity.csv');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${name}"`);
    expect((await response.text()).split('\r\n')).toHaveLength(rows + 2);
  });

  test('the page says how much of it the file has at most', async () => {
    expect(await (await consoleWith().ask('activity')).text()).toMatch(/Save as CSV<\/a> · the newest 10,000 at most/);
  });

  test('an action on a subscription names it, and its row on the page leads to it', async () => {
    const action = { at: activity[0]?.at ?? '', actor: 'sup-3', action: 'resolve', subscriptionId: 'club-7', outcome: 'extended' } as const;
    const items = [{ ...action, position: '7' }];
    expect(activityCsv(items)).toContain(',resolve,,,extended,,7,club-7\r\n');
    const page = await (await consoleWith({ activity: async () => ({ items, lagMs: 0 }) }).ask('activity')).text();
    expect(page).toMatch(/resolved a review of <a [^>]*href="[^"]*subscriptions\/club-7"/);
    expect(page).toMatch(/<td[^>]*>extended<\/td>/);
  });

  test.each([
    ['=1+1', `"'=1+1"`],
    ['+886', `"'+886"`],
    ['-1', `"'-1"`],
    ['@sum', `"'@sum"`],
    ['a "b", c', '"a ""b"", c"'],
    ['ticket 4711', 'ticket 4711'],
  ])('a reason %s becomes %s', (reason, cell) => {
    const [row] = activity;
    const csv = activityCsv([{ ...(row as (typeof activity)[number]), reason }]);
    expect(csv).toContain(`,${cell},`);
  });
});
