// Colors of more and less activation.

/** @typedef {[number, number, number]} Color red, green and blue from 0 to 255 */
/** @typedef {{ more: Color, less: Color }} ChangeColors */

/** @type {Record<string, ChangeColors>} */
export const CHANGE_COLORS = {
  "green-red": { more: [0, 170, 80], less: [222, 45, 38] },
  "blue-orange": { more: [0, 114, 178], less: [230, 159, 0] },
};
const GRAY = 0.62; // brightness of the image under the colors

/**
 * Lay the colors of a change over a gray image.
 * @param {{ data: Uint8ClampedArray }} image
 * @param {Float32Array} change at each pixel
 * @param {number} scale change that has the full color
 * @param {ChangeColors} colors
 */
export function tint({ data }, change, scale, { more, less }) {
  for (let i = 0; i < change.length; i++) {
    const at = 4 * i;
    const gray = GRAY * (0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2]);
    const strength = Math.min(Math.abs(change[i]) / scale, 1) ** 0.6;
    const color = change[i] > 0 ? more : less;
    for (let c = 0; c < 3; c++) data[at + c] = gray + strength * (color[c] - gray);
  }
}
