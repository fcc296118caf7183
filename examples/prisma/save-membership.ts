// Saves memberships with Prisma, each decision once: `createPaymentLedger({ eventStore, deliver: shop.saveMembership })`.

import type { MembershipChange } from '@paidonce/ledger';
import { type Delivered, once, sqlOf } from '@paidonce/ledger/once';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

export function openShop(connectionString: string) {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });

  // #region save
  const saveMembership = (change: MembershipChange, signal: AbortSignal): Promise<Delivered> =>
    prisma.$transaction(
      (tx) =>
        once(
          sqlOf.prisma(tx),
          change,
          async () => {
            const { membershipId: id, memberId, plan, status, paidAt } = change;
            await tx.membership.upsert({ where: { id }, create: { id, memberId, plan, status, paidAt }, update: { status, paidAt } });
            // Another process sends the mail from this row: only what this transaction writes happens once.
            await tx.outbox.create({ data: { kind: change.change, membershipId: id } });
          },
          { signal },
        ),
      { timeout: 8_000 }, // Below deliverTimeoutMs. Prisma's own default is 5 s.
    );
  // #endregion save

  return { saveMembership, [Symbol.asyncDispose]: () => prisma.$disconnect() };
}
