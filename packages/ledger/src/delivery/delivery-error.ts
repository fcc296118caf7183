// What the log keeps of an error of the shop's `deliver`: its name and its code, so that failures can be told apart and counted.
// Never the message: it may hold the names of people, or keys.
import { defined } from '../defined.ts';
import type { DeliveryError } from '../order/events.ts';

const longest = 64;

/** Undefined: it is no error with a name. What was thrown is the shop's, so nothing of it is trusted: neither type nor length. */
export function deliveryErrorOf(thrown: unknown): DeliveryError | undefined {
  try {
    if (typeof thrown !== 'object' || thrown === null) return undefined;
    const { name, code, cause } = thrown as Readonly<Record<'name' | 'code' | 'cause', unknown>>;
    // A class that does not name its errors is called `Error` too, and its own name says more.
    const word = wordOf(name === 'Error' ? thrown.constructor.name : name) ?? wordOf(name);
    if (word === undefined) return undefined;
    // An ORM wraps the error of its driver, and that has the code.
    return { name: word, ...defined({ code: wordOf(code) ?? wordOf(fieldOf(cause, 'code')) }) };
  } catch {
    return undefined; // A getter of it threw.
  }
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[field] : undefined;
}

/** The value as a word of the log; characters that it may not have become `_`. Undefined: nothing is left of it. */
function wordOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value)
    .slice(0, longest)
    .replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return /[A-Za-z0-9]/.test(word) ? word : undefined;
}
