// The console: each path from /admin/payments on.
// #region route
import { shop } from '../../../../lib/shop';

export const runtime = 'nodejs';
const handle = async (request: Request) => (await shop()).operators(request);

export { handle as GET, handle as HEAD, handle as POST };
// #endregion route
