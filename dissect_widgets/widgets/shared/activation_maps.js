// Activation maps drawn on images: upsampled, cut at a threshold, lit and outlined.

import { contextOf } from "./dom.js";

/** @import { DataSource, Grid, Size } from "./types.js" */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

const OUTLINE = [255, 212, 0];
const SHADE = 0.5; // brightness outside of the region
const THUMB_SIDE = 96; // of images that are fetched for strips, in pixels
const GAP = 3; // between the images of a strip, in CSS pixels

/**
 * Where the pixels of a line lie between the positions of a map.
 * @param {number} count of pixels
 * @param {number} full length of the line in pixels of the image
 * @param {number} first position of the map, in pixels of the image
 * @param {number} step between positions
 * @param {number} length of the map
 */
export function neighbors(count, full, first, step, length) {
  const before = new Int32Array(count);
  const after = new Int32Array(count);
  const fraction = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const pixel = ((i + 0.5) * full) / count - 0.5;
    const at = Math.min(Math.max((pixel - first) / step, 0), length - 1);
    before[i] = Math.floor(at);
    after[i] = Math.min(before[i] + 1, length - 1);
    fraction[i] = at - before[i];
  }
  return { before, after, fraction };
}

/**
 * Bilinear values of a map at every pixel of a canvas.
 * @param {Float32Array} map
 * @param {Grid} grid
 * @param {Size} size of the image that the map is of
 * @param {number} width of the canvas
 * @param {number} height
 */
export function upsample(map, grid, size, width, height) {
  const [rows, columns, top, left, stepY, stepX] = grid;
  const y = neighbors(height, size[0], top, stepY, rows);
  const x = neighbors(width, size[1], left, stepX, columns);
  const values = new Float32Array(width * height);
  const line = new Float32Array(columns);
  for (let i = 0; i < height; i++) {
    const a = y.before[i] * columns;
    const b = y.after[i] * columns;
    for (let j = 0; j < columns; j++) line[j] = map[a + j] + y.fraction[i] * (map[b + j] - map[a + j]);
    for (let j = 0; j < width; j++) {
      const before = line[x.before[j]];
      values[i * width + j] = before + x.fraction[j] * (line[x.after[j]] - before);
    }
  }
  return values;
}

/**
 * Darken what is not above the threshold, and draw the border of what is.
 * @param {Uint8ClampedArray} pixels
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} height
 * @param {number} threshold
 */
export function light(pixels, values, width, height, threshold) {
  const thick = width >= 200 ? 2 : 1;
  const isInside = (/** @type {number} */ i, /** @type {number} */ j) =>
    i >= 0 && j >= 0 && i < height && j < width && values[i * width + j] > threshold;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = 4 * (i * width + j);
      if (!isInside(i, j)) {
        for (let c = 0; c < 3; c++) pixels[at + c] *= SHADE;
      } else if (
        !isInside(i - thick, j) ||
        !isInside(i + thick, j) ||
        !isInside(i, j - thick) ||
        !isInside(i, j + thick)
      ) {
        for (let c = 0; c < 3; c++) pixels[at + c] = OUTLINE[c];
      }
    }
  }
}

/**
 * Draw an image into a box of a canvas, with the region where its map exceeds the threshold lit.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 * @param {Float32Array} values the map at each pixel of the box
 * @param {number} threshold
 * @param {Box} box
 */
export function drawExemplar(canvas, bitmap, values, threshold, box) {
  const context = contextOf(canvas, { willReadFrequently: true });
  context.drawImage(bitmap, box.x, box.y, box.width, box.height);
  const image = context.getImageData(box.x, box.y, box.width, box.height);
  light(image.data, values, box.width, box.height, threshold);
  context.putImageData(image, box.x, box.y);
}

/**
 * Draw the exemplars of a unit next to one another.
 * @param {HTMLCanvasElement} canvas
 * @param {DataSource} source
 * @param {number} layer
 * @param {number} unit
 * @param {number} count
 */
export async function drawExemplarStrip(canvas, source, layer, unit, count) {
  if (!canvas.width || !canvas.height) return;
  const { grid } = source.about.layers[layer];
  const threshold = source.columns[layer].threshold[unit];
  const exemplars = await source.exemplars(layer, unit, count);
  const density = canvas.width / parseFloat(canvas.style.width);
  const height = canvas.height;
  const width = Math.floor((canvas.width - (count - 1) * GAP * density) / count);
  await Promise.all(
    exemplars.map(async ({ image, map }, i) => {
      const bitmap = await source.image(image, THUMB_SIDE);
      const values = upsample(map, grid, source.about.image_size, width, height);
      const x = Math.round(i * (width + GAP * density));
      drawExemplar(canvas, bitmap, values, threshold, { x, y: 0, width, height });
    }),
  );
}
