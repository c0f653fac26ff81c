/**
 * Whole numbers drawn uniformly from [0, bound), reproducible from a seed on every platform. The generator is
 * splitmix32; bounds that do not divide 2³² are handled by rejection, so that no value is favoured.
 * @source Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (32-bit variant).
 */
export function seededIntegers(seed: number): (bound: number) => number {
  let state = Math.trunc(seed) >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return (bound) => {
    if (!(bound >= 1)) throw new RangeError(`seededIntegers: bound ${bound}`);
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = next();
    while (value >= limit) value = next();
    return value % bound;
  };
}
