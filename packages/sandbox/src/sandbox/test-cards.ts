// What a customer can pay with on the sandbox's page, and what comes of it. Numbers are Stripe's own test cards.

export interface Failure {
  readonly code: string;
  readonly declineCode?: string;
  readonly message: string;
}

/** The name of a test card or another way to pay, for `pay`; it says how the payment goes. */
export type CardName =
  | 'success'
  | 'declined'
  | 'insufficient_funds'
  | 'charge_fails'
  | 'three_d_secure'
  | 'disputed'
  | 'inquiry'
  | 'dispute_lost'
  | 'refund_fails'
  | 'refund_pending'
  | 'processing'
  | 'processing_fails'
  | 'returned'
  | 'voucher';

export interface PaymentOption {
  readonly name: CardName;
  readonly label: string;
  /** What will happen, in the words of the page. */
  readonly outcome: string;
  readonly type: 'card' | 'sepa_debit' | 'konbini';
  readonly number: string;
  readonly last4: string;
  /** How the API names it in tests: `pm_card_visa`, and `tok_visa` in the same way. */
  readonly testNames?: readonly string[];
  /**
   * - `succeeds`, `declined`: at once; after a decline the session stays open.
   * - `challenge`: the customer's bank asks for a confirmation first (3-D Secure).
   * - `processing`: the session is complete and unpaid; the bank decides later, as `settles` says.
   * - `voucher`: the session is complete and unpaid until the customer pays at the counter.
   */
  readonly behaviour: 'succeeds' | 'declined' | 'challenge' | 'processing' | 'voucher';
  /** It can be saved for later, and is offered only there. */
  readonly savedOnly?: boolean;
  readonly settles?: 'succeeded' | 'failed';
  readonly failure?: Failure;
  /** A dispute follows the payment. A debit that the bank takes back is one, too. */
  readonly dispute?: { readonly status: 'needs_response' | 'warning_needs_response' | 'lost'; readonly reason: string };
  /** A refund of it is `pending` first, or `succeeded` first and failed later. */
  readonly refund?: 'pending' | 'fails';
}

const FRAUD = 'fraudulent';

// biome-ignore format: a table
export const PAYMENT_OPTIONS: readonly PaymentOption[] = [
  { name: 'success', label: 'Visa', outcome: 'Succeeds at once', type: 'card', number: '4242 4242 4242 4242', last4: '4242', testNames: ['visa', 'mastercard', 'amex', 'bypassPending'], behaviour: 'succeeds' },
  { name: 'declined', label: 'Visa, declined', outcome: 'Declined: try another one', type: 'card', number: '4000 0000 0000 0002', last4: '0002', testNames: ['visa_chargeDeclined'], behaviour: 'declined',
    failure: { code: 'card_declined', declineCode: 'generic_decline', message: 'Your card was declined.' } },
  { name: 'insufficient_funds', label: 'Visa, empty', outcome: 'Declined: no funds', type: 'card', number: '4000 0000 0000 9995', last4: '9995', testNames: ['visa_chargeDeclinedInsufficientFunds'], behaviour: 'declined',
    failure: { code: 'card_declined', declineCode: 'insufficient_funds', message: 'Your card has insufficient funds.' } },
  { name: 'charge_fails', label: 'Visa, fails later', outcome: 'Can be saved; every charge is declined', type: 'card', number: '4000 0000 0000 0341', last4: '0341', testNames: ['chargeCustomerFail'], behaviour: 'declined', savedOnly: true,
    failure: { code: 'card_declined', declineCode: 'generic_decline', message: 'Your card was declined.' } },
  { name: 'three_d_secure', label: 'Visa, 3-D Secure', outcome: 'The bank asks first', type: 'card', number: '4000 0000 0000 3220', last4: '3220', testNames: ['threeDSecure2Required', 'authenticationRequired'], behaviour: 'challenge' },
  { name: 'disputed', label: 'Visa, disputed', outcome: 'Succeeds, is disputed', type: 'card', number: '4000 0000 0000 0259', last4: '0259', testNames: ['createDispute'], behaviour: 'succeeds',
    dispute: { status: 'needs_response', reason: FRAUD } },
  { name: 'inquiry', label: 'Visa, inquiry', outcome: 'Succeeds, the bank asks about it', type: 'card', number: '4000 0000 0000 1976', last4: '1976', testNames: ['createDisputeInquiry'], behaviour: 'succeeds',
    dispute: { status: 'warning_needs_response', reason: FRAUD } },
  { name: 'dispute_lost', label: 'Visa, dispute lost at once', outcome: 'Succeeds, is taken back for good', type: 'card', number: '4000 0000 0000 9259', last4: '9259', behaviour: 'succeeds',
    dispute: { status: 'lost', reason: FRAUD } },
  { name: 'refund_fails', label: 'Visa, closed later', outcome: 'Succeeds; a refund fails later', type: 'card', number: '4000 0000 0000 5126', last4: '5126', testNames: ['refundFail'], behaviour: 'succeeds', refund: 'fails' },
  { name: 'refund_pending', label: 'Visa, slow refunds', outcome: 'Succeeds; a refund is pending first', type: 'card', number: '4000 0000 0000 7726', last4: '7726', testNames: ['pendingRefund'], behaviour: 'succeeds', refund: 'pending' },
  { name: 'processing', label: 'SEPA debit', outcome: 'Processing, succeeds later', type: 'sepa_debit', number: 'AT61 1904 3002 3457 3201', last4: '3201', behaviour: 'processing', settles: 'succeeded' },
  { name: 'processing_fails', label: 'SEPA debit, bounced', outcome: 'Processing, fails later', type: 'sepa_debit', number: 'AT86 1904 3002 3547 3202', last4: '3202', behaviour: 'processing', settles: 'failed',
    failure: { code: 'payment_method_provider_decline', message: 'The bank could not process the debit.' } },
  { name: 'returned', label: 'SEPA debit, returned', outcome: 'Processing, succeeds, is taken back', type: 'sepa_debit', number: 'AT59 1904 3002 3547 3203', last4: '3203', behaviour: 'processing', settles: 'succeeded',
    dispute: { status: 'lost', reason: 'insufficient_funds' } },
  { name: 'voucher', label: 'Konbini voucher', outcome: 'Waits until it is paid', type: 'konbini', number: 'A code for the counter', last4: '', behaviour: 'voucher', settles: 'succeeded' },
];

export const CARD_NAMES: string = PAYMENT_OPTIONS.map(({ name }) => name).join(', ');

/** More of Stripe's own test accounts: those that take longer at the bank, and the one that the Stripe CLI fails with. */
const ALSO: Readonly<Record<string, CardName>> = {
  AT321904300235473204: 'processing',
  AT221904300235473205: 'processing_fails',
  IT60X0542811101000000123456: 'processing_fails',
};

/** By name (`declined`) or by number (`4000000000000002`); undefined: there is no such test card. */
export function paymentOption(text: string): PaymentOption | undefined {
  const compact = text.replaceAll(/[\s-]/g, '');
  return PAYMENT_OPTIONS.find(({ name, number }) => name === (ALSO[compact] ?? text) || number.replaceAll(' ', '') === compact);
}

/** By Stripe's own names for tests: `pm_card_visa`, `tok_visa`, `tok_chargeDeclined`. */
export function paymentOptionForTests(text: string): PaymentOption | undefined {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(text)?.[1];
  return name === undefined
    ? undefined
    : PAYMENT_OPTIONS.find(({ testNames = [] }) => testNames.includes(name) || testNames.includes(`visa_${name}`));
}

/** @throws Error that lists them, if there is no such test card. */
export function optionNamed(card: string): PaymentOption {
  const option = paymentOption(card);
  if (!option) throw new Error(`There is no test card ${card}. Use one of: ${CARD_NAMES}.`);
  return option;
}
