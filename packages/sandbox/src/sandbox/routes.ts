// Every entry of the API that the sandbox has.
import { RouteTable } from './api/route.ts';
import { accountRoutes } from './objects/account.ts';
import { balanceTransactionRoutes } from './objects/balance-transactions.ts';
import { creditNoteRoutes } from './objects/billing/credit-notes.ts';
import { customerBalanceRoutes } from './objects/billing/customer-balance.ts';
import { invoiceItemRoutes } from './objects/billing/invoice-items.ts';
import { invoicePaymentRoutes } from './objects/billing/invoice-payments.ts';
import { invoiceRoutes } from './objects/billing/invoices.ts';
import { notHereRoutes } from './objects/billing/not-here.ts';
import { portalRoutes } from './objects/billing/portal-sessions.ts';
import { subscriptionItemRoutes } from './objects/billing/subscription-items.ts';
import { subscriptionRoutes } from './objects/billing/subscriptions.ts';
import { chargeRoutes } from './objects/charges.ts';
import { checkoutSessionRoutes } from './objects/checkout-sessions.ts';
import { couponRoutes } from './objects/coupons.ts';
import { customerRoutes } from './objects/customers.ts';
import { disputeRoutes } from './objects/disputes.ts';
import { eventRoutes } from './objects/events.ts';
import { paymentIntentRoutes } from './objects/payment-intents.ts';
import { paymentLinkRoutes } from './objects/payment-links.ts';
import { paymentMethodRoutes } from './objects/payment-methods.ts';
import { paymentPageRoutes } from './objects/payment-pages.ts';
import { catalogRoutes } from './objects/prices.ts';
import { refundRoutes } from './objects/refunds.ts';
import { endpointRoutes } from './webhooks/endpoint.ts';
import { eventDestinationRoutes } from './webhooks/event-destinations.ts';

export const ROUTES: RouteTable = new RouteTable([
  ...accountRoutes,
  ...balanceTransactionRoutes,
  ...catalogRoutes,
  ...chargeRoutes,
  ...checkoutSessionRoutes,
  ...couponRoutes,
  ...creditNoteRoutes,
  ...customerBalanceRoutes,
  ...customerRoutes,
  ...disputeRoutes,
  ...endpointRoutes,
  ...eventDestinationRoutes,
  ...eventRoutes,
  ...invoiceItemRoutes,
  ...invoicePaymentRoutes,
  ...invoiceRoutes,
  ...notHereRoutes,
  ...paymentIntentRoutes,
  ...paymentLinkRoutes,
  ...paymentMethodRoutes,
  ...paymentPageRoutes,
  ...portalRoutes,
  ...refundRoutes,
  ...subscriptionItemRoutes,
  ...subscriptionRoutes,
]);
