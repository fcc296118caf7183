// The form of an id that the ledger accepts: 1 to 128 of A-Z a-z 0-9 . _ : -.
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(value);
}
