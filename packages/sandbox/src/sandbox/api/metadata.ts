// The metadata of a request: texts by texts, within Stripe's limits.
import type { FormNode } from './form.ts';
import { invalidRequest } from './stripe-error.ts';

const LIMITS = { keys: 50, keyLength: 40, valueLength: 500 };

/** @param param its name in the request. @throws StripeApiError 400 for what is no such hash. */
export function readMetadata(value: FormNode, param: string): Record<string, string> {
  if (typeof value === 'string') throw invalidRequest('Invalid object', { param });
  if (value.size > LIMITS.keys) throw invalidRequest(`Metadata can have at most ${LIMITS.keys} keys.`, { param });
  return Object.fromEntries([...value].map(([key, text]) => [key, checkedText(key, text, `${param}[${key}]`)]));
}

function checkedText(key: string, text: FormNode, param: string): string {
  if (typeof text !== 'string') throw invalidRequest('Metadata values must be strings.', { param });
  if (key.length > LIMITS.keyLength) throw invalidRequest(`Metadata keys can have up to ${LIMITS.keyLength} characters.`, { param });
  if (text.length > LIMITS.valueLength) throw invalidRequest(`Metadata values can have up to ${LIMITS.valueLength} characters.`, { param });
  return text;
}

/** An empty value deletes its key. */
export function withoutEmpty(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== ''));
}
