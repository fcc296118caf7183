// The ids of prices and products at Stripe. A shop chooses them, and until the API of May 2018 they could have any characters:
// "Gold Plan (monthly)". Subscriptions that began then are renewed at such prices still.
import * as z from 'zod';
import { isId } from '../observation.ts';
import { isPlainText } from '../plain-text.ts';

export const catalogIdSchema: z.ZodType<string> = z
  .string()
  .min(1)
  .max(255)
  .refine(isPlainText, 'must be 1 to 255 characters of plain text on one line');

/** In quotes where it has a character that could end it: no two lists of ids share a text. */
export function catalogText(id: string): string {
  return isId(id) ? id : JSON.stringify(id);
}
