// Stripe sends its webhooks here.
// #region route
import { shop } from '../../../lib/shop';

export const runtime = 'nodejs';
export const POST = async (request: Request) => (await shop()).handlers.webhook(request);
// #endregion route
