// One entry of the API: method, path, and what it does. A route runs within a transaction and never waits.
import type { Model } from '../model.ts';
import type { Parameters } from './parameters.ts';
import { noSuchObject } from './stripe-error.ts';

export interface Call {
  readonly model: Model;
  readonly parameters: Parameters;
  /** The version that the request asks for. */
  readonly version: string;
  /** The id in the path; empty if the path has none. */
  readonly id: string;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A template with at most one id, e.g. `/v1/refunds/:refund`. It also names the entry in the call counter. */
  readonly path: string;
  /** Returns the answer. Throws a StripeApiError if nothing was done; returns one if something was, e.g. a declined card. */
  readonly handle: (call: Call) => object;
}

export interface FoundRoute {
  readonly route: Route;
  /** The id in the path; empty if the path has none. */
  readonly id: string;
}

/** @throws StripeApiError 404 if there is no such object. */
export function found<T>(object: T | undefined, kind: string, id: string): T {
  if (object === undefined) throw noSuchObject(kind, id);
  return object;
}

/** Finds a route by method and path: fixed segments before ids, so that `/v1/events` and `/v1/events/x` differ. */
export class RouteTable {
  readonly #exact = new Map<string, Route>();
  readonly #patterns: { readonly route: Route; readonly pattern: RegExp }[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (!route.path.includes(':')) this.#exact.set(`${route.method} ${route.path}`, route);
      else this.#patterns.push({ route, pattern: new RegExp(`^${route.path.replace(/:[a-z_]+/, '([^/]+)')}$`) });
    }
  }

  find(method: string, path: string): FoundRoute | undefined {
    const exact = this.#exact.get(`${method} ${path}`);
    if (exact) return { route: exact, id: '' };
    for (const { route, pattern } of this.#patterns) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (match) return { route, id: decodeId(match[1] ?? '') };
    }
    return undefined;
  }
}

function decodeId(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
