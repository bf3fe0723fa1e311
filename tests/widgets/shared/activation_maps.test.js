import assert from "node:assert/strict";
import { test } from "node:test";

import { light, upsample } from "../../../dissect_widgets/widgets/shared/activation_maps.js";

/** @import { Grid } from "../../../dissect_widgets/widgets/shared/types.js" */

test("maps are read between their positions, and held at the border", () => {
  /** @type {Grid} */
  const grid = [2, 3, 1, 1, 4, 2]; // positions at rows 1 and 5, columns 1, 3 and 5
  const map = Float32Array.of(0, 10, 20, 100, 110, 120);
  const values = upsample(map, grid, [7, 7], 7, 7);
  const at = (/** @type {number} */ row, /** @type {number} */ column) => values[7 * row + column];
  assert.equal(at(1, 1), 0);
  assert.equal(at(5, 5), 120);
  assert.equal(at(1, 2), 5);
  assert.equal(at(3, 3), 60);
  assert.equal(at(0, 0), 0, "before the first position");
  assert.equal(at(6, 6), 120, "after the last");
});

test("a canvas of another size reads the same places", () => {
  /** @type {Grid} */
  const grid = [1, 2, 0, 0, 1, 3];
  const values = upsample(Float32Array.of(0, 3), grid, [1, 4], 8, 1);
  assert.deepEqual([...values], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]);
});

test("outside of the region it is darker, its border is outlined, its inside stays", () => {
  const [width, height] = [5, 5];
  const values = new Float32Array(25);
  for (let i = 1; i < 4; i++) for (let j = 1; j < 4; j++) values[5 * i + j] = 1;
  const pixels = new Uint8ClampedArray(100).fill(200);
  light(pixels, values, width, height, 0.5);
  const color = (/** @type {number} */ row, /** @type {number} */ column) => [
    ...pixels.subarray(4 * (5 * row + column), 4 * (5 * row + column) + 4),
  ];
  assert.deepEqual(color(0, 0), [100, 100, 100, 200]);
  assert.deepEqual(color(1, 2), [255, 212, 0, 200]);
  assert.deepEqual(color(2, 2), [200, 200, 200, 200]);
});
