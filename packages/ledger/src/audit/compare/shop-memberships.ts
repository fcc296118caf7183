// Reads what the shop has in its own table of memberships: NDJSON, or CSV with a heading.
import * as z from 'zod';
import { LedgerError } from '../../errors.ts';
import { idSchema } from '../../observation.ts';
import { csvRows } from '../csv-rows.ts';

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

/** An empty cell is a value that is absent. */
function csvMemberships(text: string): readonly Line[] {
  const [heading = [], ...rows] = csvRows(text);
  const names = heading.map(({ text: name }) => name.trim().toLowerCase());
  const unknown = names.find((name) => !columns.some((column) => column === name));
  if (unknown !== undefined || !names.includes('order') || !names.includes('status')) {
    const found = unknown === undefined ? names.join(', ') : unknown;
    throw new LedgerError(
      'invalid_input',
      `The heading of the shop's memberships has ${found || 'nothing'}. Its columns are ${columns.join(', ')}; order and status must be there`,
    );
  }
  return rows.map((row) => {
    const cells = names.flatMap((name, place) => {
      const cell = row[place]?.text.trim() ?? '';
      if (cell === '') return [];
      return [[name, name === 'sequence' ? Number(cell) : cell] as const];
    });
    return { line: row[0]?.line ?? 0, row: Object.fromEntries(cells) };
  });
}
