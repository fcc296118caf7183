// Where no process lives long, a scheduler calls this every five minutes: it finds what was lost, and delivers what waits.
// #region route
import { isSame, setting, shop } from '../../lib/shop';

export const runtime = 'nodejs';

export async function GET(request: Request) {
  if (!isSame(request.headers.get('authorization'), `Bearer ${setting('CRON_SECRET')}`)) return new Response(null, { status: 401 });
  const { payments } = await shop();
  try {
    const { rescued } = await payments.sweep({ onlyDue: true });
    return Response.json({ rescued });
  } finally {
    await payments.ledger.settle(); // Also where Stripe does not answer: what was decided before waits for nothing.
  }
}
// #endregion route
