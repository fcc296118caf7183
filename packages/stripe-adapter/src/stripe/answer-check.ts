// What counts as an answer of Stripe. The SDK throws only where the body has an `error`, so a gateway's 404 or 502 with a
// body of its own comes back as if it were the object. Such a body answers nothing: not "there is none", not "not ours".
import { identityOf } from './stripe-objects.ts';

/** What a request asks for. */
export interface Asked {
  /** The `object` of the answer, e.g. `refund`. */
  readonly object: string;
  /** Absent: the request names none. */
  readonly id?: string;
  /** Metadata that the request has set. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** What each object of a list is. Absent: the answer is no list. */
  readonly of?: Listed;
}

export interface Listed {
  readonly object: string;
  /** Fields by which the list was narrowed, e.g. `{ payment_intent: 'pi_1' }`. */
  readonly where?: Readonly<Record<string, string>>;
}

/** Why the body is no answer to the request. Undefined: it is one. */
export function notAnAnswer(status: number | undefined, body: unknown, { object, id, metadata, of }: Asked): string | undefined {
  if (status !== undefined && status >= 400) return `status ${status} without an error of Stripe`;
  const found = identityOf(body);
  if (found.object !== object) return `${nameOf(found.object)} instead of ${nameOf(object)}`;
  if (id !== undefined && found.id !== id) return `${nameOf(object)} ${found.id ?? 'without an id'} instead of ${id}`;
  if (id === undefined && of === undefined && object !== 'balance' && found.id === undefined) return `${nameOf(object)} without an id`;
  const differs = Object.entries(metadata ?? {}).find(([key, value]) => isKept(value) && found.metadata[key] !== String(value));
  if (differs) return `${nameOf(object)} ${found.id} without the metadata ${differs[0]} that it was made with`;
  return of && notTheList(body, of);
}

/** An empty value unsets its key at Stripe, and the SDK sends `null` as one; it leaves `undefined` out. */
function isKept(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function notTheList(body: unknown, { object, where = {} }: Listed): string | undefined {
  const { data } = body as { readonly data?: unknown };
  if (!Array.isArray(data)) return 'a list without its data';
  for (const each of data) {
    const found = identityOf(each);
    if (found.object !== object || found.id === undefined) return `a list with ${nameOf(found.object)} instead of ${nameOf(object)}`;
    for (const [field, value] of Object.entries(where)) {
      if (found[field as 'payment_intent'] !== value) return `a list with ${found.id}, whose ${field} is not ${value}`;
    }
  }
  return undefined;
}

function nameOf(object: string | undefined): string {
  return object === undefined ? 'a body without an object' : `a ${object}`;
}
