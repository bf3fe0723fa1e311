// The histogram of a unit's activations.

import { contextOf } from "../shared/dom.js";
import { formatNumber } from "../shared/format.js";

const ZERO_BIN = 64; // bin whose left edge is an activation of 0
const LABELS = 16; // height of the line below the bars, in pixels

/**
 * Bins that are drawn: from the first to the one after the last that are filled, and always zero.
 * @param {number[]} histogram
 * @returns {[number, number]}
 */
export function filledBins(histogram) {
  const first = histogram.findIndex((count) => count > 0);
  const last = histogram.findLastIndex((count) => count > 0);
  return [Math.min(first < 0 ? ZERO_BIN : first, ZERO_BIN), Math.max(last, ZERO_BIN) + 1];
}

/**
 * Draw it: counts on a logarithmic scale, the threshold as a line, and the unit's own threshold as a pale one.
 * @param {HTMLCanvasElement} canvas
 * @param {{ histogram: number[], binWidth: number }} counts
 * @param {number} threshold
 * @param {number} ownThreshold
 */
export function drawHistogram(canvas, { histogram, binWidth }, threshold, ownThreshold) {
  const context = contextOf(canvas);
  const style = getComputedStyle(canvas);
  const density = canvas.width / parseFloat(canvas.style.width);
  const [width, base] = [canvas.width / density, canvas.height / density - LABELS];
  const [first, last] = filledBins(histogram);
  const valueOf = (/** @type {number} */ bin) => (bin - ZERO_BIN) * binWidth;
  const [left, right] = [valueOf(first), valueOf(last)];
  const x = (/** @type {number} */ value) => ((value - left) / (right - left)) * width;
  const top = Math.log1p(Math.max(...histogram, 1));

  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, base + LABELS);
  for (let bin = first; bin < last; bin++) {
    const height = (Math.log1p(histogram[bin]) / top) * (base - 4);
    const isLit = valueOf(bin + 0.5) > threshold;
    context.fillStyle = style.getPropertyValue(isLit ? "--dw-lit" : "--dw-bar");
    context.fillRect(x(valueOf(bin)), base - height, Math.max(width / (last - first) - 1, 1), height);
  }
  context.fillStyle = style.getPropertyValue("--dw-text");
  context.fillRect(0, base, width, 1);
  context.fillRect(Math.min(x(threshold), width - 2), 0, 2, base);
  if (ownThreshold !== threshold) {
    context.globalAlpha = 0.4;
    context.fillRect(Math.min(x(ownThreshold), width - 2), 0, 2, base);
    context.globalAlpha = 1;
  }
  context.font = "11px sans-serif";
  context.textAlign = "left";
  context.fillText(formatNumber(left), 0, base + LABELS - 3);
  context.textAlign = "right";
  context.fillText(formatNumber(right), width, base + LABELS - 3);
}
