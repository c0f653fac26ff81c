/**
 * Plain JSON objects have names from outside as keys in the values between stages: axes, models, parameters, tensors. There
 * `constructor` and `__proto__` are names like any other. Such objects are made with `Object.fromEntries` or a computed key
 * in a literal, never by assignment to `object[name]`, and read with this.
 */

/** What an object has under a name; undefined for what only JavaScript's own objects have, such as `constructor`. */
export function entryOf<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
