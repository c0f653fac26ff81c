/** What a map has at a key, which is made and put there when it has nothing. */
export function rememberedIn<K, V>(known: Map<K, V>, key: K, make: (key: K) => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make(key);
  known.set(key, made);
  return made;
}

/** What `make` gives for each key, made when it is first asked for. */
export function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => rememberedIn(known, key, make);
}
