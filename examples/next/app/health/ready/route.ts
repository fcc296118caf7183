// A load balancer asks here whether this process can serve.
// #region route
import { shop } from '../../../lib/shop';

export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';
export const GET = async () => (await shop()).handlers.ready();
// #endregion route
