/** Quantities of work as text with a unit that suits them. */

function fixed(n: number, decimals: number): string {
  return n.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** `498.1 MB`, of so many bytes. */
export function bytesText(n: number): string {
  if (n >= 1e9) return `${fixed(n / 1e9, 2)} GB`;
  return n >= 1e6 ? `${fixed(n / 1e6, 1)} MB` : `${fixed(n / 1e3, 0)} kB`;
}

/** `2.58 TFLOP`, of so many floating-point operations. */
export function flopsText(n: number): string {
  if (n >= 1e12) return `${fixed(n / 1e12, 2)} TFLOP`;
  return n >= 1e9 ? `${fixed(n / 1e9, 2)} GFLOP` : `${fixed(n / 1e6, 1)} MFLOP`;
}

/** `170 GFLOP/s`, of so many floating-point operations a second. */
export function rateText(n: number): string {
  if (n >= 1e13) return `${fixed(n / 1e12, 1)} TFLOP/s`;
  return n >= 1e9 ? `${fixed(n / 1e9, n < 1e10 ? 1 : 0)} GFLOP/s` : `${fixed(n / 1e6, 0)} MFLOP/s`;
}

/** `0.42 s`, `16.9 s`, `1,240 s`. */
export function secondsText(n: number): string {
  return `${fixed(n, n < 1 ? 2 : n < 100 ? 1 : 0)} s`;
}
