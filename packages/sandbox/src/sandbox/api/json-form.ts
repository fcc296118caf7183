// Reads JSON bodies of `/v2` into the same nested maps as forms, so that there is one way to read parameters.
import type { FormMap, FormNode } from './form.ts';
import { invalidRequest } from './stripe-error.ts';

const MAX_DEPTH = 10;

/** @throws StripeApiError 400 if the text is no JSON object, or is nested too deeply. */
export function parseJson(text: string): FormMap {
  if (text === '') return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest('The request body is no JSON.');
  }
  const node = toNode(value, 0);
  if (!(node instanceof Map) || Array.isArray(value)) throw invalidRequest('The request body is no JSON object.');
  return node;
}

function toNode(value: unknown, depth: number): FormNode | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return String(value);
  if (depth >= MAX_DEPTH) throw invalidRequest('The request body is nested too deeply.');
  const entries = Object.entries(value).flatMap(([key, inside]) => {
    const node = toNode(inside, depth + 1);
    return node === undefined ? [] : [[key, node] as const];
  });
  return new Map(entries);
}
