// What stands behind the `?`. What cannot be read is refused, with the name of the parameter.
import { isId } from '@paidonce/ledger/adapter';
import { type ConsoleCall, ConsoleProblem } from '../../console-call.ts';
import { pageRows } from '../pages/next-link.ts';

/** Undefined: absent or empty, as a form sends what was left open. */
export function textOf(query: URLSearchParams, name: string, mostCharacters: number = 400): string | undefined {
  const text = query.get(name)?.trim() ?? '';
  if (text.length > mostCharacters) throw unreadable(name, `is too long: at most ${mostCharacters} characters`);
  return text === '' ? undefined : text;
}

export function idOf(query: URLSearchParams, name: string): string | undefined {
  const text = textOf(query, name);
  if (text !== undefined && !isId(text)) throw unreadable(name, 'must be 1 to 128 of A-Z a-z 0-9 . _ : -');
  return text;
}

export function oneOf<T extends string>(query: URLSearchParams, name: string, known: readonly T[]): T | undefined {
  const text = textOf(query, name);
  const found = known.find((each) => each === text);
  if (text !== undefined && found === undefined) throw unreadable(name, `must be one of ${known.join(', ')}`);
  return found;
}

/**
 * The page of a list that is asked for. A client that wants JSON may say how long it is (`limit`, 1 to 1,000; default 100); a page
 * for a browser has as many rows as are good for it.
 *
 * @param name of the parameter: `after`, or `before` where a list goes back in time.
 */
export function pageFrom(
  { query, wantsPage }: Pick<ConsoleCall, 'query' | 'wantsPage'>,
  { name = 'after', rows = pageRows }: { readonly name?: string; readonly rows?: number } = {},
): { readonly limit: number; readonly after?: string } {
  const after = textOf(query, name);
  if (after !== undefined && /\s/.test(after)) throw unreadable(name, 'must be what the page before gave');
  return { limit: wantsPage ? rows : limitOf(query), ...(after === undefined ? {} : { after }) };
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(textOf(query, 'limit') ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw unreadable('limit', 'must be a whole number from 1 to 1,000');
  return limit;
}

export function unreadable(name: string, why: string): ConsoleProblem {
  return new ConsoleProblem(400, 'invalid_input', `${name} ${why}.`);
}
