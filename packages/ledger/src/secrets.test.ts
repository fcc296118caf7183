import { describe, expect, test } from 'vitest';
import { withoutPassword } from './event-store/without-password.ts';
import { withoutSecrets } from './secrets.ts';

describe('the password of a URL is never shown', () => {
  test.each([
    'esdb://ledger:hunter2@h1:2113,h2:2113?tls=false',
    ' esdb://ledger:hunter2@h1',
    '\ufeffesdb://ledger:hunter2@h1',
    '"esdb://ledger:hunter2@h1"',
    'LEDGER_URL=esdb://ledger:hunter2@h1',
    'LEDGER_URL = "esdb://ledger:hunter2@h1"',
    'ESDB://ledger:hunter2@h1',
    'Postgres://ledger:hunter2@h1/db',
    'esdb://ledger:hunt@hunter2@h1',
    'esdb://ledger:hunt/hunter2?hunter2#hunter2@h1',
    'esdb://ledger:hunt hunter2@h1',
    'esdb://:hunter2@h1',
    'postgres://h1/db?user=ledger&password=hunter2',
    'https://h1/a?PWD=hunter2#b',
  ])('%s', (url) => {
    expect(withoutPassword(url)).not.toContain('hunter2');
    expect(withoutPassword(url)).toContain('h1');
  });

  test('within a text', () => {
    expect(withoutSecrets('cannot reach esdb://ledger:hunter2@h1, nor esdb://ledger:hunter2@h2')).toBe(
      'cannot reach esdb://ledger:***@h1, nor esdb://ledger:***@h2',
    );
    expect(withoutSecrets('esdb://127.0.0.1:2113: order-1@5 cannot be read')).toBe('esdb://127.0.0.1:2113: order-1@5 cannot be read');
  });
});

test.each([
  ['open PRIVATE+KEY+shop+1a2b3c4d+AQhunter2+/==, open', 'open PRIVATE+KEY+*** open'],
  ['-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----'],
  ['the key sk_live_hunter2 of Stripe', 'the key sk_live_*** of Stripe'],
  ['the key sk_org_live_hunter2 of an organisation', 'the key sk_org_live_*** of an organisation'],
  ['whsec_sandbox_hunter2 begins with whsec_sandbox, or whsec_sandbox_', 'whsec_*** begins with whsec_sandbox, or whsec_sandbox_'],
  ['the key rk_test_hunter2, and whsec_hunter2/+=', 'the key rk_test_***, and whsec_***'],
])('%j is shown as %j', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
});
