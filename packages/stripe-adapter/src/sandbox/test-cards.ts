// What a customer can pay with on the sandbox's page, and what comes of it. Numbers are Stripe's own test cards.

export interface Failure {
  readonly code: string;
  readonly declineCode?: string;
  readonly message: string;
}

export type CardName = 'success' | 'declined' | 'insufficient_funds' | 'disputed' | 'processing' | 'processing_fails' | 'voucher';

export interface PaymentOption {
  readonly name: CardName;
  readonly label: string;
  /** What will happen, in the words of the page. */
  readonly outcome: string;
  readonly type: 'card' | 'sepa_debit' | 'konbini';
  readonly number: string;
  readonly last4: string;
  /**
   * - `succeeds`, `declined`: at once; after a decline the session stays open.
   * - `processing`: the session is complete and unpaid; the bank decides later, as `settles` says.
   * - `voucher`: the session is complete and unpaid until the customer pays at the counter.
   */
  readonly behaviour: 'succeeds' | 'declined' | 'processing' | 'voucher';
  readonly settles?: 'succeeded' | 'failed';
  readonly failure?: Failure;
  /** A dispute follows the payment. */
  readonly disputed?: true;
}

// biome-ignore format: a table
export const PAYMENT_OPTIONS: readonly PaymentOption[] = [
  { name: 'success', label: 'Visa', outcome: 'Succeeds at once', type: 'card', number: '4242 4242 4242 4242', last4: '4242', behaviour: 'succeeds' },
  { name: 'declined', label: 'Visa, declined', outcome: 'Declined: try another one', type: 'card', number: '4000 0000 0000 0002', last4: '0002', behaviour: 'declined',
    failure: { code: 'card_declined', declineCode: 'generic_decline', message: 'Your card was declined.' } },
  { name: 'insufficient_funds', label: 'Visa, empty', outcome: 'Declined: no funds', type: 'card', number: '4000 0000 0000 9995', last4: '9995', behaviour: 'declined',
    failure: { code: 'card_declined', declineCode: 'insufficient_funds', message: 'Your card has insufficient funds.' } },
  { name: 'disputed', label: 'Visa, disputed', outcome: 'Succeeds, is disputed', type: 'card', number: '4000 0000 0000 0259', last4: '0259', behaviour: 'succeeds', disputed: true },
  { name: 'processing', label: 'SEPA debit', outcome: 'Processing, succeeds later', type: 'sepa_debit', number: 'AT32 1904 3002 3502 4734 01', last4: '3401', behaviour: 'processing', settles: 'succeeded' },
  { name: 'processing_fails', label: 'SEPA debit, bounced', outcome: 'Processing, fails later', type: 'sepa_debit', number: 'AT86 1904 3002 3502 4734 02', last4: '3402', behaviour: 'processing', settles: 'failed',
    failure: { code: 'payment_method_provider_decline', message: 'The bank could not process the debit.' } },
  { name: 'voucher', label: 'Konbini voucher', outcome: 'Waits until it is paid', type: 'konbini', number: 'A code for the counter', last4: '', behaviour: 'voucher', settles: 'succeeded' },
];

/** By name (`declined`) or by number (`4000000000000002`); undefined: there is no such test card. */
export function paymentOption(text: string): PaymentOption | undefined {
  const compact = text.replaceAll(/[\s-]/g, '');
  return PAYMENT_OPTIONS.find(({ name, number }) => name === text || number.replaceAll(' ', '') === compact);
}
