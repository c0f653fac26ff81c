/** The correlation coefficient by itself. */
import { mean, type Sample } from "./samples.js";

/**
 * Pearson's r, between −1 and 1; NaN where one of the samples does not vary.
 * @throws RangeError when they have different lengths.
 */
export function pearsonR(left: Sample, right: Sample): number {
  if (left.length !== right.length) throw new RangeError(`pairs of ${left.length} and ${right.length} values`);
  const [a, b] = [centred(left), centred(right)];
  const scale = norm(a) * norm(b);
  const r = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0) / scale;
  return Math.max(-1, Math.min(1, r));
}

/** Deviations from the mean, scaled so that their squares neither overflow nor vanish. */
function centred(sample: Sample): Sample {
  const centre = mean(sample);
  const deviations = sample.map((value) => value - centre);
  const largest = deviations.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? deviations : deviations.map((value) => value / largest);
}

function norm(sample: Sample): number {
  return Math.sqrt(sample.reduce((sum, value) => sum + value ** 2, 0));
}
