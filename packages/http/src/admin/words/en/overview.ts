// Words of the overview, also of the one before the first order.
import { type Html, html, type Insert } from '../../../html.ts';

export const overview = {
  needPerson: (n: number, text: Insert, age: Insert): Html =>
    n === 1
      ? html`${text} thing needs a person. It has been waiting ${age}.`
      : html`${text} things need a person. The oldest has been waiting ${age}.`,
  needNobody: 'Nothing needs a person.',
  oldest: (age: Insert): Html => html`oldest ${age}`,
  none: 'none',
  unsaved: (n: number, text: string, time: Insert): Html =>
    html`Your shop has not saved ${text} ${n === 1 ? 'decision' : 'decisions'} since ${time}`,
  failWith: (n: number, text: string, error: Insert): Html => html`${text} ${n === 1 ? 'fails' : 'fail'} with ${error}.`,
  retries: (time: string | undefined): string =>
    `Retries run automatically for 72 h${time === undefined ? '' : `; the next one is in ${time}`}.`,
  seeThem: 'See them',
  latest: 'Latest orders',
  allOrders: 'All orders',
  savedAfter: 'Saved after',
  readyTitle: 'Ready for the first order',
  ready: 'This ledger is empty. These five steps lead to the first member.',
  steps: 'From here to the first member',
  stepsDone: (done: number, all: number): string => `${done} of ${all} done`,
  storeStep: 'The store can be written',
  storeText: 'This page was read from it.',
  stripeStep: 'Stripe answers',
  stripeText: 'Not checked by this page. This checks the key, the account, its mode and the clock:',
  webhookStep: 'The first webhook arrives',
  webhookText: (path: Insert): Html =>
    html`None yet. Stripe sends to the path that your shop has given it, by default ${path}. Test it without a payment:`,
  orderStep: 'The first order is placed',
  orderText: (code: Insert): Html => html`Call ${code} in your shop, or buy something in the sandbox:`,
  grantStep: 'The first membership is granted, and your shop saves it',
  grantText: 'This page then becomes the overview.',
  here: 'What you will see here',
  hereReviews: 'payments that do not fit their order',
  hereUndelivered: 'decisions that your shop has not saved',
  hereGrants: 'and how many had to be rescued',
  hereFind: (key: Insert): Html => html`any order, member or Stripe id, with the ${key} key`,
  noOrders: 'No orders yet.',
};
