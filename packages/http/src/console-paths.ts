// Which route of the console a path names, and how a page links back to the mount.
import type { ConsoleRoute } from './console-call.ts';
import { type ConsoleRequest, decoded } from './console-request.ts';

export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** From the URL of the request back to the mount. */
export function rootOf({ below, mountName }: ConsoleRequest): string {
  if (below === '') return `${mountName}/`;
  const depth = below.split('/').length - 2;
  return depth <= 0 ? './' : '../'.repeat(depth);
}

export interface RouteRow {
  readonly route: ConsoleRoute;
  readonly parts: readonly string[];
}
export interface RouteMatch {
  readonly route?: ConsoleRoute;
  readonly params: Readonly<Record<string, string>>;
  /** The methods that the path has. Empty: there is no such page. */
  readonly allow: readonly string[];
}
/** A fixed part goes before a named one: `runs/new` is not the run "new". */
export function matchRoute(table: readonly RouteRow[], { below, method }: ConsoleRequest): RouteMatch {
  const path = below.split('/').filter((part) => part !== '');
  const values = path.map(decoded);
  const named = (parts: readonly string[]): number => parts.filter((part) => part.startsWith(':')).length;
  const fits = table
    .filter(({ parts }) => parts.length === path.length && parts.every((part, at) => isPart(part, values[at])))
    .toSorted((a, b) => named(a.parts) - named(b.parts));
  const row = fits.find(
    ({ route, parts }) => route.method === (isReading(method) ? 'GET' : method) && named(parts) === named(fits[0]?.parts ?? []),
  );
  const allow = [...new Set(fits.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : ['POST'])))];
  if (!row) return { params: {}, allow };
  const params = Object.fromEntries(row.parts.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), values[at] ?? '']] : [])));
  return { route: row.route, params, allow };
}

function isPart(part: string, value: string | undefined): boolean {
  return value !== undefined && (part.startsWith(':') || part === value);
}
