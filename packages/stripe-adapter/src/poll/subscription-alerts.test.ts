// What of subscriptions reaches a person.
import { expect, test } from 'vitest';
import { dayMs, openClub } from '../club.test-support.ts';

const due = { tiers: ['due'] } as const;

test('an invoice that is paid after the end: somebody paid, and is out', async () => {
  const { join, decline, sandbox, stripe, ledger, alerts } = await openClub();
  const id = await join('club-1');
  await decline(id);
  await sandbox.advance(50 * dayMs);
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked' });
  expect(alerts).toEqual([]);
  const [open] = (await stripe.invoices.list({ subscription: id, status: 'open' })).data;
  sandbox.payInvoice(open?.id ?? '');
  await sandbox.deliverDue();
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'revoked', openReviews: [{ kind: 'paid_after_end' }] });
  expect(alerts).toEqual(['paid_after_end']);
});

test('a second subscription of Stripe that names one of ours: both are paid', async () => {
  const { join, sandbox, stripe, ledger, alerts } = await openClub();
  const { metadata, customer, items } = await stripe.subscriptions.retrieve(await join('club-1'));
  const price = items.data[0]?.price.id ?? '';
  sandbox.changeCard(String(customer), 'success');
  const second = await stripe.subscriptions.create({ customer: String(customer), items: [{ price }], metadata });
  await sandbox.deliverDue();
  expect(await ledger.subscription(second.id)).toMatchObject({ status: 'active', memberId: 'member-club-1' });
  expect(alerts).toEqual(['double_subscription']);
});

test('a clock of Stripe that jumps ahead ends nothing; a person is told once a day', async () => {
  const { join, unpaid, drift, sandbox, payments, ledger, alerts } = await openClub();
  await unpaid(await join('club-1'));
  await sandbox.advance(32 * dayMs);
  await payments.sweep({ tiers: ['invoices'] });
  drift(-2 * dayMs);
  await sandbox.advance(2 * dayMs);
  for (let pass = 0; pass < 3; pass++) await payments.sweep(due).catch(() => undefined);
  await payments.sweep({ tiers: ['subscriptions'] }).catch(() => undefined);
  expect(await ledger.subscription('club-1')).toMatchObject({ status: 'active' });
  expect(alerts).toEqual(['clock_doubtful']);
});
