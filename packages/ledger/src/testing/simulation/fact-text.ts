// Returns the same text for equal values, whatever the order of their keys. The auditor compares facts with it, so that it
// does not rely on the ledger's own comparison.

export function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${key}:${textOf(each)}`).join()}}`;
}
