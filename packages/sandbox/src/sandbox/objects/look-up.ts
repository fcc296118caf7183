// From an id to the object that it names, by its prefix, as a person reading it would.

import type { Parameters } from '../api/parameters.ts';
import { noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { renderCreditNote } from './billing/credit-note-record.ts';
import { renderInvoice } from './billing/invoice-record.ts';
import { renderPortalSession } from './billing/portal-sessions.ts';
import { renderSubscription } from './billing/subscription-record.ts';
import { renderSession } from './checkout-record.ts';
import { renderLink } from './payment-link-record.ts';

export function lookUp(model: Model, id: string): object | undefined {
  const { state } = model;
  switch (id.slice(0, id.indexOf('_'))) {
    case 'pi':
      return state.intents.get(id);
    case 'ch':
    case 'py':
      return state.charges.get(id);
    case 're':
    case 'pyr':
      return state.refunds.get(id);
    case 'txn':
      return state.balanceTransactions.get(id);
    case 'du':
      return state.disputes.get(id);
    case 'prod':
      return state.products.get(id);
    case 'price':
      return state.prices.get(id);
    case 'promo':
      return state.promotionCodes.get(id);
    case 'cus':
      return state.customers.get(id) ?? state.deletedCustomers.get(id);
    case 'pm':
      return state.paymentMethods.get(id)?.method;
    case 'sub': {
      const record = state.subscriptions.get(id);
      return record && renderSubscription(record);
    }
    case 'in': {
      const record = state.invoices.get(id);
      return record && renderInvoice(model, record);
    }
    case 'inpay':
      return state.invoicePayments.get(id);
    case 'ii':
      return state.invoiceItems.get(id)?.item;
    case 'di':
      return state.discounts.get(id);
    case 'cn': {
      const record = state.creditNotes.get(id);
      return record && renderCreditNote(model, record);
    }
    case 'cbtxn':
      return state.balanceEntries.get(id);
    case 'bps': {
      const session = state.portalSessions.get(id);
      return session && renderPortalSession(model, session);
    }
    case 'evt':
      return state.events.get(id) ?? state.thinEvents.get(id);
    case 'cs': {
      const record = state.sessions.get(id);
      return record && renderSession(model, record);
    }
    case 'plink': {
      const record = state.paymentLinks.get(id);
      return record && renderLink(model, record);
    }
    default:
      return state.coupons.get(id);
  }
}

/** A list of what belongs to a payment: Stripe answers 400 for one that it does not know, not an empty list. */
export function namedIn({ state }: Model, parameters: Parameters, name: 'payment_intent' | 'charge'): string | undefined {
  const id = parameters.string(name);
  const known = name === 'charge' ? state.charges : state.intents;
  if (id !== undefined && known.get(id) === undefined) throw noSuchParameterObject(name, id, name);
  return id;
}
