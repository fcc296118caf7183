// All routes of the console, in one table.
import type { Console, ConsoleRoute } from '../console-call.ts';
import { actionRoutes } from './action-routes.ts';
import { preferenceRoutes } from './preferences.ts';
import { readingRoutes } from './read-routes.ts';

export function consoleRoutes(shared: Console): readonly ConsoleRoute[] {
  return [...readingRoutes(shared), ...actionRoutes(shared), ...preferenceRoutes];
}
