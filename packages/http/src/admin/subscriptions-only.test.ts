// A shop that sells subscriptions alone: what the overview and Health show of them, on a real ledger.
import { describe, expect, onTestFinished, test } from 'vitest';
import { paymentConsole } from '../fetch.ts';
import { fakeConsole } from './fake-console.test-support.ts';
import { liveSubscriptions, paidMonth } from './subscriptions.test-support.ts';

const day = 86_400_000;
const active = { kind: 'lifecycle', status: 'active', customer: 'cus_1', items: [{ price: 'price_club', quantity: 1 }] } as const;

function opened() {
  const world = liveSubscriptions();
  onTestFinished(() => world.ledger[Symbol.asyncDispose]());
  const payments = { ...fakeConsole().payments, ledger: world.ledger };
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
