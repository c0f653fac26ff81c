/** A gradient as the fixtures of test/fixtures/gradients keep it. */

/** Its norm, and its products with cos(i) and cos(1.7 i + 1) over its entries i in row-major order, in float64. */
export function gradientSummary(data: Float32Array): readonly number[] {
  let [square, first, second] = [0, 0, 0];
  data.forEach((value, i) => {
    square += value * value;
    first += value * Math.cos(i);
    second += value * Math.cos(1.7 * i + 1);
  });
  return [Math.sqrt(square), first, second];
}
