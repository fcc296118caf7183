// Where no process lives long, a scheduler calls this every five minutes: it finds what was lost, and delivers what waits.
import { isSame, setting, shop } from '../../lib/shop';

export const runtime = 'nodejs';

// #region cron
export async function GET(request: Request) {
  if (!isSame(request.headers.get('authorization'), `Bearer ${setting('CRON_SECRET')}`)) return new Response(null, { status: 401 });
  const { payments } = await shop();
  const { rescued } = await payments.sweep({ onlyDue: true });
  await payments.ledger.settle();
  return Response.json({ rescued });
}
// #endregion cron
