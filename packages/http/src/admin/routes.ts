// All routes of the console, in one table.
import type { Console, ConsoleRoute } from '../console-call.ts';
import { orderActionRoutes } from './actions/order-actions.ts';
import { otherActionRoutes } from './actions/other-actions.ts';
import { subscriptionActionRoutes } from './actions/subscription-actions.ts';
import { assetRoutes } from './asset-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { orderRoutes } from './pages/order-routes.ts';
import { subscriptionRoutes } from './pages/subscription-routes.ts';
import { preferenceRoutes } from './preferences.ts';

export function consoleRoutes(shared: Console): readonly ConsoleRoute[] {
  return [
    ...pageRoutes(shared),
    ...orderRoutes(shared),
    ...orderActionRoutes(shared),
    ...otherActionRoutes(shared),
    ...subscriptionRoutes(shared),
    ...subscriptionActionRoutes(shared),
    ...preferenceRoutes,
    ...assetRoutes,
  ];
}
