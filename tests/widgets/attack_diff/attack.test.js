import assert from "node:assert/strict";
import { test } from "node:test";

import { Attack, between } from "../../../dissect_widgets/widgets/attack_diff/attack.js";
import { tint } from "../../../dissect_widgets/widgets/attack_diff/palettes.js";
import { verdict } from "../../../dissect_widgets/widgets/attack_diff/verdict.js";

/** @import { Result } from "../../../dissect_widgets/widgets/attack_diff/types.js" */

/** @type {Result} */
const RESULT = {
  image: 3,
  success: true,
  finished: true,
  broken: false,
  source: "cat",
  target: "dog",
  passes: 40,
  seconds: 1.25,
  l2: 0.5,
  linf: 0.1,
  names: ["cat", "dog"],
  probabilities: [
    [0.9, 0.6, 0.1],
    [0.1, 0.4, 0.9],
  ],
  groups: [],
  units: [7, 4],
  max_activations: [
    [1, 2, 4],
    [3, 2, 0],
  ],
};

/** Half-precision floats of small integers and halves. @param {number[]} values */
function halves(values) {
  const known = new Map([
    [0, 0],
    [1, 0x3c00],
    [2, 0x4000],
    [3, 0x4200],
    [4, 0x4400],
  ]);
  const bits = Uint16Array.from(
    values,
    (value) => (known.get(Math.abs(value)) ?? 0) | (value < 0 ? 0x8000 : 0),
  );
  return new DataView(bits.buffer);
}

// three positions, two units, maps of 1 x 2
const MAPS = halves([1, 0, 3, 2, 2, 0, 2, 2, 4, 1, 0, 2]);
const attack = new Attack(RESULT, halves([1, -1]), MAPS, { grid: [1, 2, 0, 0, 1, 1], positions: 3 });

test("values between even places", () => {
  assert.equal(between([0, 10, 40], 0), 0);
  assert.equal(between([0, 10, 40], 0.25), 5);
  assert.equal(between([0, 10, 40], 0.75), 25);
  assert.equal(between([0, 10, 40], 1), 40);
  assert.equal(between([3], 0.7), 3);
});

test("changes of maps and of max activations along the way", () => {
  assert.deepEqual([...attack.changeOf(7, 0)], [0, 0]);
  assert.deepEqual([...attack.changeOf(7, 1)], [3, 1]);
  assert.deepEqual([...attack.changeOf(4, 0.25)], [-0.5, 0]);
  assert.equal(attack.maxActivationChange(4, 1), -3);
  assert.equal(attack.maxActivationChange(7, 0.75), 2);
  assert.equal(attack.scale, 3, "the largest change of all units");
});

test("the prediction changes on the way", () => {
  assert.equal(attack.prediction(0.5)[0], "cat");
  assert.deepEqual(attack.prediction(1), ["dog", 0.9]);
});

test("colors of change lie over a gray image", () => {
  const colors = { more: /** @type {const} */ ([0, 170, 80]), less: /** @type {const} */ ([222, 45, 38]) };
  const image = { data: Uint8ClampedArray.from([200, 100, 50, 255, 200, 100, 50, 255, 200, 100, 50, 255]) };
  tint(image, Float32Array.of(0, 9, -9), 9, { more: [...colors.more], less: [...colors.less] });
  const gray = Math.round(0.62 * (0.3 * 200 + 0.59 * 100 + 0.11 * 50));
  assert.deepEqual([...image.data.subarray(0, 4)], [gray, gray, gray, 255]);
  assert.deepEqual([...image.data.subarray(4, 8)], [...colors.more, 255]);
  assert.deepEqual([...image.data.subarray(8, 12)], [...colors.less, 255]);
});

test("how an attack ended, in a sentence", () => {
  const say = (/** @type {Partial<Result>} */ changes, isRunning = false) =>
    verdict({ ...RESULT, ...changes }, isRunning);
  assert.deepEqual(say({}), { text: "From cat to dog; 40 passes, 1.3 s.", isBad: false });
  assert.match(say({ finished: false }).text, /stopped early: the best so far/);
  assert.deepEqual(say({ success: false }).isBad, true);
  assert.match(say({ success: false }).text, /failed: no image was found that is predicted as dog/);
  assert.match(say({ success: false, finished: false }).text, /^Stopped before/);
  assert.match(say({ success: false, broken: true }).text, /non-finite/);
  assert.equal(say({ target: "" }, true).text, "Attack under way.");
  assert.equal(say({ target: "" }).text, "");
});
