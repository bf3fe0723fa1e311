import assert from "node:assert/strict";
import { test } from "node:test";

import {
  countAfterKey,
  unitScale,
} from "../../../dissect_widgets/widgets/ablation_explorer/accuracy_curve.js";

test("each number of units has its place, and a place its number", () => {
  const { toX, toCount } = unitScale(512);
  for (let count = 0; count <= 512; count++) assert.equal(toCount(toX(count)), count);
  assert.equal(toCount(-50), 0);
  assert.equal(toCount(5000), 512);
  assert.ok(toX(10) - toX(0) > toX(512) - toX(450), "few units get more room");
});

test("keys of a slider", () => {
  assert.equal(countAfterKey("ArrowRight", 3, 10), 4);
  assert.equal(countAfterKey("ArrowDown", 0, 10), 0);
  assert.equal(countAfterKey("PageUp", 3, 10), 10);
  assert.equal(countAfterKey("Home", 3, 10), 0);
  assert.equal(countAfterKey("End", 3, 10), 10);
  assert.equal(countAfterKey("x", 3, 10), null);
});
