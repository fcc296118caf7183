// The literal placeholder, wherever the caller's URL leaves room for it.
import { describe, expect, test } from 'vitest';
import { withSessionId } from './success-url.ts';

describe('the success URL', () => {
  // biome-ignore format: a table
  test.each([
    ['https://shop.example/done', 'https://shop.example/done?session_id={CHECKOUT_SESSION_ID}'],
    ['https://shop.example/done?lang=de', 'https://shop.example/done?lang=de&session_id={CHECKOUT_SESSION_ID}'],
    ['https://shop.example/done?', 'https://shop.example/done?session_id={CHECKOUT_SESSION_ID}'],
    ['https://shop.example/done#thanks', 'https://shop.example/done?session_id={CHECKOUT_SESSION_ID}#thanks'],
    ['https://shop.example/done?a=1#b?c', 'https://shop.example/done?a=1&session_id={CHECKOUT_SESSION_ID}#b?c'],
    ['https://shop.example/done/{CHECKOUT_SESSION_ID}', 'https://shop.example/done/{CHECKOUT_SESSION_ID}'],
    ['https://shop.example/done?id={CHECKOUT_SESSION_ID}', 'https://shop.example/done?id={CHECKOUT_SESSION_ID}'],
  ])('%s becomes %s', (given, expected) => {
    expect(withSessionId(given)).toBe(expected);
  });

  test('with the placeholder encoded is refused, since Stripe would not fill it', () => {
    const url = new URL('https://shop.example/done');
    url.searchParams.set('session_id', '{CHECKOUT_SESSION_ID}');
    expect(() => withSessionId(url.href)).toThrow('%7BCHECKOUT_SESSION_ID%7D');
    expect(() => withSessionId('https://shop.example/%7bcheckout_session_id%7d')).toThrow('Write {CHECKOUT_SESSION_ID} literally');
  });
});
