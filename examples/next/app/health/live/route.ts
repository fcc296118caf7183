// A container platform asks here whether this process answers; if not, it starts another one.
// #region route
export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';
export const GET = () => Response.json({ status: 'live' }); // Without the shop: a database that is away is no reason to restart.
// #endregion route
