// The success page asks here how its payment stands.
// #region route
import { shop } from '../../../../lib/shop';

export const runtime = 'nodejs';
export const GET = async (request: Request) => (await shop()).handlers.status(request);
// #endregion route
