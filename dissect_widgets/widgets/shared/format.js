// Numbers as people read them.

/**
 * A number in few characters.
 * @param {number} value
 */
export function formatNumber(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1000 || size < 0.001) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/**
 * A number with its sign.
 * @param {number} value
 */
export function formatSigned(value) {
  return `${value > 0 ? "+" : value < 0 ? "−" : "±"}${formatNumber(Math.abs(value))}`;
}

/**
 * A share as a percentage; a dash where it is not known.
 * @param {number | null | undefined} value
 */
export function formatPercent(value) {
  return value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)} %`;
}
