// A shop that sells subscriptions alone: what the overview and Health show of them, on a real ledger.
import type { PollHealth } from '@paidonce/stripe-adapter';
import { describe, expect, onTestFinished, test } from 'vitest';
import { paymentConsole } from '../fetch.ts';
import { fakeConsole } from './fake-console.test-support.ts';
import { liveSubscriptions, paidMonth } from './subscriptions.test-support.ts';

const day = 86_400_000;
const active = { kind: 'lifecycle', status: 'active', customer: 'cus_1', items: [{ price: 'price_club', quantity: 1 }] } as const;

function opened() {
  const world = liveSubscriptions();
  onTestFinished(() => world.ledger[Symbol.asyncDispose]());
  const pollHealth = async (): Promise<PollHealth> => ({ tiers: [], reads: { allowed: 5_000, left: 100, days: [] } });
  const payments = { ...fakeConsole().payments, ledger: world.ledger, pollHealth };
  const handler = paymentConsole({ payments, authenticate: () => ({ actor: 'sup-3' }) });
  const read = async (path: string): Promise<string> => {
    const answer = await handler(new Request(`http://shop.example/admin/payments/${path}`, { headers: { accept: 'text/html' } }));
    return answer.text();
  };
  return { ...world, read };
}

describe('the overview', () => {
  test('is empty before the first subscription, and only then; its mode stands in the head', async () => {
    const { read, tell, now } = opened();
    const before = await read('');
    expect(before).toContain('Ready for the first order');
    expect(before).not.toContain('class="mode"');
    // All is well with it: nothing waits in any list.
    await tell('club-1', paidMonth('in_1', now - day), active);
    const page = await read('');
    expect(page).not.toContain('Ready for the first order');
    expect(page).toContain('<h1>Overview</h1>');
    expect(page).toContain('Nothing needs a person.');
    expect(page).toContain('<span class="mode">test</span>');
  });
});

describe('a delivery that fails', () => {
  async function failing() {
    const world = opened();
    world.refuse(true);
    await world.tell('club-1', paidMonth('in_1', world.now - day), active);
    await world.ledger.redeliverSubscription('club-1', { actor: 'sup-3', reason: 'ticket 1' });
    world.wait(3_600_000);
    return world;
  }

  test('is an open alert of Health, and one of those that are not delivered', async () => {
    const { read } = await failing();
    const page = await read('health');
    expect(page).not.toContain('No alert is open');
    expect(page).toMatch(/1 decision, oldest 60 min · <code class="id">delivery_failing</);
    expect(page).toContain('1 not delivered now');
    // This process delivers subscriptions, and nothing else.
    expect(page).toMatch(/<dt>Delivers<\/dt><dd>yes</);
  });

  test('has the red banner on the overview, with its error', async () => {
    const { read } = await failing();
    const page = await read('');
    expect(page).toContain('class="banner bad"');
    expect(page).toMatch(/has not saved 1 decision since .*\n?.*1 fails? with <code class="id">Error</);
  });
});

describe('Health', () => {
  test('has an open review among its alerts', async () => {
    const { read, tell, now } = opened();
    await tell('club-1', paidMonth('in_1', now - 60 * day), active);
    await tell('club-1', { ...active, status: 'canceled', endedAt: new Date(now - 20 * day).toISOString() });
    expect(await read('health')).toContain('No alert is open');
    await tell('club-1', paidMonth('in_2', now - 5 * day));
    const page = await read('health');
    expect(page).toMatch(/1 review, oldest [^<]* · <code class="id">review_opened</);
    expect(page).not.toContain('No alert is open');
  });

  test('says what is due and was not looked at for days, and leads to it', async () => {
    const { read, tell, now } = opened();
    await tell('club-1', paidMonth('in_1', now - 40 * day), active);
    const page = await read('health');
    expect(page).toMatch(/1 membership, oldest [^<]* · <code class="id">expiry_blind</);
    expect(page).toContain('<a href="./subscriptions/due">See which are due</a>');
  });

  test('counts the subscriptions whose newest report came while the clock was in doubt', async () => {
    const { read, tell, ledger, now } = opened();
    await tell('club-1', paidMonth('in_1', now - day), active);
    const subscription = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'sub_club-1' };
    const fact = { kind: 'invoice', id: 'in_2', status: 'open' } as const;
    const statement = { fact, asOf: new Date(now + day).toISOString(), evidence: { objectId: 'in_2' }, doubtful: true } as const;
    await ledger.observeSubscription({ subscription, subscriptionId: 'club-1', source: 'webhook', statements: [statement] });
    expect(await read('health')).toMatch(/1 subscription whose newest report came meanwhile · <code class="id">clock_doubtful</);
  });
});
