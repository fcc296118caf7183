// One text for one value, whatever order its keys were written in: how the auditor compares facts, without
// asking the ledger what it thinks is equal.

export function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${key}:${textOf(each)}`).join()}}`;
}
