import assert from "node:assert/strict";
import { test } from "node:test";

import { filledBins } from "../../../dissect_widgets/widgets/unit_browser/histogram.js";

/** @param {number[]} bins */
function histogram(...bins) {
  return Array.from({ length: 128 }, (_, bin) => (bins.includes(bin) ? 3 : 0));
}

test("bins from the first to the last that are filled, and zero", () => {
  assert.deepEqual(filledBins(histogram(60, 70)), [60, 71]);
  assert.deepEqual(filledBins(histogram(80)), [64, 81]);
  assert.deepEqual(filledBins(histogram(3)), [3, 65]);
  assert.deepEqual(filledBins(histogram()), [64, 65]);
});
