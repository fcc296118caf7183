// Says whether a member has access, by the shop's own table.
// #region route
import { shop } from '../../../lib/shop';

export const runtime = 'nodejs';

export async function GET(_: Request, { params }: RouteContext<'/members/[memberId]'>) {
  const { database } = await shop();
  const { memberId } = await params;
  const row = database.prepare(`SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active'`).get(memberId);
  return Response.json({ hasAccess: row !== undefined });
}
// #endregion route
