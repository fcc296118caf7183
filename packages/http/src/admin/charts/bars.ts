// Small bars over time: webhooks by the hour of an account, reads by day.
import type { AccountHealth } from '@paidonce/ledger';
import type { Html } from '../../html.ts';
import { bars, line, type Picture, picture, slot } from './svg.ts';

const base = 42;
const highest = 40;

/** @param tone of all bars. A count of 0 is no bar. */
export function barsPicture(about: Omit<Picture, 'height'>, counts: readonly number[], tone: string): Html {
  const most = Math.max(1, ...counts);
  const drawn = counts.flatMap((count, at) =>
    count > 0 ? [{ tone, place: slot(at, counts.length), height: (count / most) * highest }] : [],
  );
  return picture({ ...about, height: 44 }, [...bars(base, drawn), line('base', base + 1)]);
}

/** A red stub stands where a webhook should have come and none did. A quiet hour is no bar, and not red. */
export function hoursPicture(about: Omit<Picture, 'height'>, hours: AccountHealth['hours']): Html {
  const most = Math.max(1, ...hours.map(({ webhooks }) => webhooks));
  const drawn = hours.flatMap(({ webhooks, missed }, at) => {
    const place = slot(at, hours.length);
    if (webhooks > 0) return [{ tone: 'webhook', place, height: (webhooks / most) * highest }];
    return missed > 0 ? [{ tone: 'bad', place, height: 4 }] : [];
  });
  return picture({ ...about, height: 44 }, [...bars(base, drawn), line('base', base + 1)]);
}
