// `defined({ a, b })`: the object without the keys whose value is undefined. Under `exactOptionalPropertyTypes` an optional
// key is absent, never undefined.

type Defined<T extends object> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/**
 * A copy without the keys whose value is undefined; `null` stays.
 *
 * @internal It is exported for the other packages of PaidOnce.
 */
export function defined<T extends object>(fields: T): Defined<T> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept as Defined<T>;
}
