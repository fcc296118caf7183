// What a round of each tier reads.
import { readDue } from './due-tier.ts';
import { readBillingEvents, readEvents } from './event-tier.ts';
import { readInvoices } from './invoice-tier.ts';
import { readMoney } from './money-tier.ts';
import { readObjects } from './object-tier.ts';
import type { Round } from './round.ts';
import type { SweepTier } from './schedule.ts';
import { readSubscriptions } from './subscription-tier.ts';

export const readTier: Readonly<Record<SweepTier, (round: Round) => Promise<void>>> = {
  events: readEvents,
  'events-billing': readBillingEvents,
  objects: readObjects,
  invoices: readInvoices,
  money: readMoney,
  subscriptions: readSubscriptions,
  due: readDue,
};
