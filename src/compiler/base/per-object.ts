/**
 * A pure function of objects that nobody changes, each of which is computed once, however often it is asked for. What is
 * remembered goes when the object goes.
 */
export function perObject<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const entry = known.get(key) ?? { value: make(key) };
    known.set(key, entry);
    return entry.value;
  };
}
