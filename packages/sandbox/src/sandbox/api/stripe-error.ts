// Errors in Stripe's shape: thrown anywhere below a request, answered as `{ error: … }`.

import { defined } from '../../defined.ts';
export type StripeErrorType = 'invalid_request_error' | 'card_error' | 'api_error' | 'idempotency_error';

export interface StripeErrorDetails {
  readonly code?: string;
  readonly param?: string;
  readonly declineCode?: string;
  /** The failed charge. */
  readonly charge?: string;
  /** Stripe answers a failed confirmation with the payment intent that it left behind. */
  readonly paymentIntent?: object;
}

/** What Stripe would answer instead of an object. */
export class StripeApiError extends Error {
  override readonly name = 'StripeApiError';
  readonly status: number;
  readonly type: StripeErrorType;
  readonly details: StripeErrorDetails;

  constructor(status: number, type: StripeErrorType, message: string, details: StripeErrorDetails = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.details = details;
  }

  /** The body as it goes over the wire. */
  body(requestId: string): object {
    const { code, param, declineCode, charge, paymentIntent } = this.details;
    return {
      error: {
        ...(code === undefined ? {} : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
        ...defined({ decline_code: declineCode, charge }),
        message: this.message,
        ...defined({ param, payment_intent: paymentIntent }),
        request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}?t=0`,
        type: this.type,
      },
    };
  }
}

export function invalidRequest(message: string, details: StripeErrorDetails = {}): StripeApiError {
  return new StripeApiError(400, 'invalid_request_error', message, details);
}

/** An object that the request's own path names: 404. */
export function noSuchObject(kind: string, id: string, param = 'id'): StripeApiError {
  return new StripeApiError(404, 'invalid_request_error', `No such ${kind}: '${id}'`, { code: 'resource_missing', param });
}

/** An object that a parameter names: 400. */
export function noSuchParameterObject(kind: string, id: string, param: string): StripeApiError {
  return invalidRequest(`No such ${kind}: '${id}'`, { code: 'resource_missing', param });
}

export function missingParameter(param: string): StripeApiError {
  return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}
