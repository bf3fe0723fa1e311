// Activation maps drawn on pictures: read between positions, cut at a threshold, lit and outlined.

const OUTLINE = [255, 212, 0];
const SHADE = 0.5; // brightness of what lies outside of the region
const THUMB_SIDE = 96; // pictures fetched for strips, in pixels

/** Decode half-precision floats, as the bits of a Uint16Array. */
function halves(bits) {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = bits[i] & 0x8000 ? -1 : 1;
    const exponent = (bits[i] >> 10) & 31;
    const fraction = bits[i] & 1023;
    values[i] = sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
  return values;
}

/** Where the pixels of a line lie between the positions of a map: before, after, fraction. */
function neighbors(count, full, first, step, length) {
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
 * Read a map at every pixel of a canvas.
 * grid is [height, width, top, left, stepY, stepX] in picture pixels; picture is [H, W].
 */
function upsample(map, grid, picture, width, height) {
  const [rows, columns, top, left, stepY, stepX] = grid;
  const y = neighbors(height, picture[0], top, stepY, rows);
  const x = neighbors(width, picture[1], left, stepX, columns);
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

/** Darken what is not above the threshold, and draw the border of what is. */
function light(pixels, values, width, height, threshold) {
  const thick = width >= 200 ? 2 : 1;
  const inside = (i, j) => i >= 0 && j >= 0 && i < height && j < width && values[i * width + j] > threshold;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = 4 * (i * width + j);
      if (!(values[i * width + j] > threshold)) {
        for (let c = 0; c < 3; c++) pixels[at + c] *= SHADE;
      } else if (
        !inside(i - thick, j) || !inside(i + thick, j) || !inside(i, j - thick) || !inside(i, j + thick)
      ) {
        for (let c = 0; c < 3; c++) pixels[at + c] = OUTLINE[c];
      }
    }
  }
}

/** Draw a picture into a box of a canvas, with the region where its map exceeds the threshold lit. */
function drawExemplar(canvas, bitmap, values, threshold, box) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, box.x, box.y, box.width, box.height);
  const image = context.getImageData(box.x, box.y, box.width, box.height);
  light(image.data, values, box.width, box.height, threshold);
  context.putImageData(image, box.x, box.y);
}

/** Draw the exemplars of a unit next to one another. */
async function drawStrip(canvas, source, layer, unit, threshold, count) {
  const { grid } = source.about.layers[layer];
  if (!canvas.width || !canvas.height) return;
  const exemplars = await source.exemplars(layer, unit, count);
  const density = canvas.width / parseFloat(canvas.style.width);
  const height = canvas.height;
  const width = Math.floor((canvas.width - (count - 1) * 3 * density) / count);
  await Promise.all(
    exemplars.map(async ({ image, map }, i) => {
      const bitmap = await source.picture(image, THUMB_SIDE);
      const values = upsample(map, grid, source.about.picture, width, height);
      drawExemplar(canvas, bitmap, values, threshold, { x: Math.round(i * (width + 3 * density)), y: 0, width, height });
    }),
  );
}
