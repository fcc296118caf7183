// Reads what the shop has in its own table of memberships: NDJSON, or CSV with a heading.
import * as z from 'zod';
import { LedgerError } from '../../errors.ts';
import { idSchema } from '../../observation.ts';
import { csvRecords } from '../csv-rows.ts';

/** A membership as the shop has it. */
export interface ShopMembership {
  /** The order's id, which is the membership's. */
  readonly order: string;
  /** `none` without `sequence`: it gives no access, for whatever reason. */
  readonly status: 'none' | 'active' | 'suspended' | 'revoked';
  /** The sequence that the shop has stored. Absent: it stores none, and is compared by its status alone. */
  readonly sequence?: number;
  readonly member?: string;
  readonly plan?: string;
}

const columns = ['order', 'status', 'sequence', 'member', 'plan'] as const;
const membershipSchema: z.ZodType<ShopMembership> = z.strictObject({
  order: idSchema,
  status: z.enum(['none', 'active', 'suspended', 'revoked']),
  sequence: z.exactOptional(z.number().int().min(0)),
  member: z.exactOptional(idSchema),
  plan: z.exactOptional(idSchema),
});

/**
 * Reads the memberships of the shop, by their orders.
 * @throws LedgerError `invalid_input`: names the line or column that cannot be read, or the order that stands there twice.
 */
export function shopMembershipsIn(text: string): ReadonlyMap<string, ShopMembership> {
  const memberships = new Map<string, ShopMembership>();
  const lines = /^\s*\{/.test(text) ? ndjsonRows(text) : csvMemberships(text);
  for (const { line, row } of lines) {
    const parsed = membershipSchema.safeParse(row);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ');
      throw new LedgerError('invalid_input', `Line ${line} of the shop's memberships cannot be read: ${problems}`);
    }
    if (memberships.has(parsed.data.order)) {
      throw new LedgerError('invalid_input', `Line ${line}: order ${parsed.data.order} stands there twice. Write one line for each order`);
    }
    memberships.set(parsed.data.order, parsed.data);
  }
  return memberships;
}

interface Line {
  readonly line: number;
  readonly row: unknown;
}

function ndjsonRows(text: string): readonly Line[] {
  return text.split('\n').flatMap((json, index) => {
    if (json.trim() === '') return [];
    try {
      return [{ line: index + 1, row: JSON.parse(json) as unknown }];
    } catch {
      throw new LedgerError('invalid_input', `Line ${index + 1} of the shop's memberships is no JSON`);
    }
  });
}

function csvMemberships(text: string): readonly Line[] {
  const records = csvRecords(text, { of: "the shop's memberships", columns, required: ['order', 'status'] });
  return records.map(({ line, row: { sequence, ...row } }) => ({
    line,
    row: sequence === undefined ? row : { ...row, sequence: Number(sequence) },
  }));
}
