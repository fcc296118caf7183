// Tries what docs/operate/eventstoredb.md says to do, with the very texts of that page.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { expect, onTestFinished, test } from 'vitest';
import { createPaymentLedger } from '../../ledger.ts';
import { selfSigned } from './certificate.test-support.ts';
import { openOn, startDouble } from './double-store.test-support.ts';
import { appendAll } from './events.test-support.ts';

const page = readFileSync(new URL('../../../../../docs/operate/eventstoredb.md', import.meta.url), 'utf8');

/** The block of code of that page whose fence has this name. */
function block(name: string): string {
  const [, text] = new RegExp(`^\`\`\`${name}\n(.*?)^\`\`\``, 'ms').exec(page) ?? [];
  if (text === undefined) throw new Error(`the page has no block ${name}`);
  return text;
}

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'paidonce-certificates-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('the user with the least rights can run a ledger, and can neither delete a stream nor hide its events', async () => {
  const folder = directory();
  const { key, certificate } = selfSigned();
  writeFileSync(join(folder, 'ca.crt'), certificate);
  const double = await startDouble({ secure: { key, certificate, user: 'ledger', password: 'right' } });
  const url = `${double.url}&tlsCAFile=${join(folder, 'ca.crt')}`;
  const credentials = { username: 'ledger', password: 'right' };
  await expect(openOn(url, { credentials })).rejects.toMatchObject({ code: 'store_unavailable' });
  double.log.setDefaults(JSON.parse(block('json settings')));
  double.log.setMetadata('$all', JSON.parse(block('json all')));

  await using ledger = createPaymentLedger({ eventStore: await openOn(url, { credentials }), readModels: ':memory:', background: false });
  const placed = { orderId: 'order-1', memberId: 'member-1', plan: 'pro', amountMinor: 4_900, currency: 'usd' };
  await ledger.placeOrder({ ...placed, account: 'acct_1', livemode: false });
  const payment = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' } as const;
  const fact = { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } } as const;
  const evidence = { objectId: 'pi_1' };
  await ledger.observePayment({ source: 'webhook', orderId: 'order-1', payment, fact, asOf: '2026-01-01T00:00:00.000Z', evidence });
  await ledger.settle();
  expect((await ledger.memberships('member-1')).items).toMatchObject([{ membershipId: 'order-1', status: 'active' }]);

  const client = EventStoreDBClient.connectionString(url);
  onTestFinished(() => client.dispose());
  for (const refused of [
    () => client.deleteStream('order-order-1', { credentials }),
    () => client.tombstoneStream('order-order-1', { credentials }),
    () => client.setStreamMetadata('order-order-1', { maxCount: 1 }, { credentials }),
    () => client.setStreamMetadata('$all', {}, { credentials }),
  ]) {
    await expect(refused()).rejects.toMatchObject({ type: 'access-denied' });
  }
  expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' });
});

test('a node with these certificates is trusted by a client that has the authority', async () => {
  const folder = directory();
  execFileSync('sh', ['-ec', block('sh certificates')], { cwd: folder, stdio: 'ignore' });
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const secure = { key: read('node1.key'), certificate: read('node1.crt'), user: 'ledger', password: 'right' };
  const double = await startDouble({ secure });
  double.log.setMetadata('$all', JSON.parse(block('json all')));
  const store = await openOn(`${double.url}&tlsCAFile=${join(folder, 'ca.crt')}`, {
    credentials: { username: 'ledger', password: 'right' },
  });
  await appendAll(store, 'order-1', -1, 1);
  for (const purpose of ['sslserver', 'sslclient']) {
    const verified = execFileSync('openssl', ['verify', '-CAfile', 'ca.crt', '-purpose', purpose, 'node2.crt'], { cwd: folder });
    expect(String(verified)).toContain('OK');
  }
});
