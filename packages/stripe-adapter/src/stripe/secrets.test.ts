import { describe, expect, test } from 'vitest';
import { secretKeyProblem, webhookSecretProblem } from './secrets.ts';

const atStripe = { atStripe: true };

describe('what stands in the place of a secret', () => {
  test.each([
    ...['whsec_…', 'whsec_...', 'whsec_xxx', 'whsec_XXXX_XXXX', 'whsec_', 'whsec_your_secret', 'whsec_<secret>', 'whsec_REPLACE_ME'],
    ...['x', 'undefined', 'null', 'changeme', '$STRIPE_WEBHOOK_SECRET', 'your-webhook-secret', 'whsec_abc...'],
  ])('%j is a placeholder', (secret) => {
    expect(webhookSecretProblem(secret, atStripe)).toMatchObject({ found: 'it is a placeholder' });
    expect(webhookSecretProblem(secret, { atStripe: false })).toMatchObject({ found: 'it is a placeholder' });
  });

  test.each(['sk_test_...', 'sk_live_…', 'rk_live_xxxxxxxx', 'sk_test_your_key_here', 'sk_live_your-key', 'undefined', 'sk_test_', 'x'])(
    '%j is a placeholder of a key',
    (key) => expect(secretKeyProblem(key, atStripe)).toMatchObject({ found: 'it is a placeholder' }),
  );

  test.each(['whsec_sandbox', 'whsec_sandbox_4f1c', 'whsec_paidonce_sandbox', 'whsec_local'])(
    '%j is a secret of the sandbox, which is none at Stripe',
    (secret) => {
      expect(webhookSecretProblem(secret, atStripe)).toMatchObject({ found: expect.stringContaining('sandbox') });
      expect(webhookSecretProblem(secret, { atStripe: false })).toBeUndefined();
    },
  );

  test.each([
    ['whsec_a b', 'it has a blank or line break in it'],
    ['whsec_a\n', 'it has a blank or line break in it'],
    ['sk_test_123456789012', 'it does not begin with whsec_'],
    [undefined, 'it is no text'],
    ['', 'it is empty'],
  ])('%j is no signing secret', (secret, found) => expect(webhookSecretProblem(secret, atStripe)).toMatchObject({ found }));

  test.each([['pk_live_123456789012'], ['sk_live_12 3'], ['whsec_123456789012345678901234']])('%j is no secret key', (key) =>
    expect(secretKeyProblem(key, atStripe)).toMatchObject({ found: 'it is no secret key' }),
  );
});

test('no secret of Stripe’s is ever called a placeholder: 200,000 random ones', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let state = 20_261_129;
  // A generator of our own, so that a failure comes again (Park and Miller's minimal standard).
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
  const text = (length: number, alphabet = letters): string => Array.from({ length }, () => alphabet[random() % alphabet.length]).join('');
  const prefixes = ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_org_live_', 'sk_live_51', 'rk_live_51'];
  const wrong: string[] = [];
  const check = (key: string, secret: string): void => {
    if (secretKeyProblem(key, atStripe)) wrong.push(key);
    if (webhookSecretProblem(secret, atStripe)) wrong.push(secret);
  };
  for (let round = 0; round < 100_000; round += 1) {
    const key = prefixes[round % prefixes.length] + text(round % 2 === 0 ? 24 : 99);
    check(key, `whsec_${round % 3 === 0 ? `${text(43, `${letters}+/`)}=` : text(32)}`);
  }
  for (const word of ['your', 'xxx', 'example', 'replace', 'placeholder', 'changeme'])
    check(`sk_live_51${word}${text(20)}`, `whsec_${word}${text(26)}`);
  expect(wrong).toEqual([]);
});
