// Reads Stripe's form encoding: `a[b][0][c]=1&a[d]=` becomes nested maps of text. Whether a map is a list or an object is
// decided where a parameter is read, since `metadata[7]` is a key and `line_items[7]` an index.
import { invalidRequest } from './stripe-error.ts';

export type FormNode = string | FormMap;
/** Keys as they were written, in order. A Map, so that a key called `__proto__` is only a key. */
export type FormMap = Map<string, FormNode>;

const MAX_PAIRS = 2_000;
const MAX_DEPTH = 10;

/**
 * @throws StripeApiError 400 if the text is no valid form: bad escapes, unbalanced brackets, a name used both as a value
 *   and as a map.
 */
export function parseForm(text: string): FormMap {
  const root: FormMap = new Map();
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_PAIRS) throw invalidRequest(`More than ${MAX_PAIRS} parameters in one request.`);
  for (const pair of pairs) {
    const cut = pair.indexOf('=');
    const name = decode(cut < 0 ? pair : pair.slice(0, cut));
    place(root, pathOf(name), cut < 0 ? '' : decode(pair.slice(cut + 1)), name);
  }
  return root;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest(`The request body or query has a broken percent escape near "${text.slice(0, 40)}".`);
  }
}

/** `a[b][]` → `['a', 'b', '']`. */
function pathOf(name: string): string[] {
  const shape = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (!shape) throw invalidRequest(`Invalid parameter name: ${name}`, { param: name });
  const path = [shape[1] ?? '', ...[...(shape[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '')];
  if (path.length > MAX_DEPTH) throw invalidRequest(`Parameter nested too deeply: ${name}`, { param: name });
  return path;
}

function place(root: FormMap, path: readonly string[], value: string, name: string): void {
  let map = root;
  for (const [depth, part] of path.entries()) {
    // `a[]=x&a[]=y`: each empty pair of brackets is the next index.
    const key = part === '' ? String(map.size) : part;
    const there = map.get(key);
    if (depth === path.length - 1) {
      if (there instanceof Map) throw usedTwice(name);
      map.set(key, value);
    } else if (there === undefined) {
      const next: FormMap = new Map();
      map.set(key, next);
      map = next;
    } else {
      if (typeof there === 'string') throw usedTwice(name);
      map = there;
    }
  }
}

const usedTwice = (name: string): Error =>
  invalidRequest(`Invalid parameter: ${name} is used both as a value and as a hash.`, { param: name });

/** One text for equal parameters, whatever their order. Idempotent requests are compared by it. */
export function canonicalForm(map: FormMap): string {
  const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted.map(([key, node]) => [key, typeof node === 'string' ? node : canonicalForm(node)]));
}
