import assert from "node:assert/strict";
import { test } from "node:test";

import { matchingUnits } from "../../../dissect_widgets/widgets/unit_browser/filters.js";

/** @import { Filters } from "../../../dissect_widgets/widgets/unit_browser/filters.js" */
/** @import { Concept } from "../../../dissect_widgets/widgets/shared/types.js" */

/** @type {Record<number, Concept>} */
const CONCEPTS = { 0: ["-", ""], 1: ["Tree", "object"], 2: ["beach", "scene"], 3: ["tree top", "part"] };
const COLUMNS = {
  concept: Int32Array.of(1, 0, 2, 3, 1, 2),
  iou: Float32Array.of(0.2, 0, 0.5, 0.25, 0.2, 0.125),
  highest: Float32Array.of(3, 9, 1, 5, 3, 7),
};

/** @param {Partial<Filters>} filters */
function matching(filters) {
  return matchingUnits(COLUMNS, CONCEPTS, { query: "", category: "", minIou: 0, sort: "unit", ...filters });
}

test("without filters all units match", () => {
  assert.deepEqual(matching({}), [0, 1, 2, 3, 4, 5]);
});

test("each order, and ties by number", () => {
  assert.deepEqual(matching({ sort: "iou" }), [2, 3, 0, 4, 5, 1]);
  assert.deepEqual(matching({ sort: "max_activation" }), [1, 5, 3, 0, 4, 2]);
  assert.deepEqual(matching({ sort: "concept" }), [1, 2, 5, 0, 4, 3]);
});

test("a query is a part of a concept's name, whatever its case", () => {
  assert.deepEqual(matching({ query: " TREE " }), [0, 3, 4]);
  assert.deepEqual(matching({ query: "e t" }), [3]);
  assert.deepEqual(matching({ query: "no such thing" }), []);
});

test("units without a concept have no name to search for", () => {
  assert.deepEqual(matching({ query: "-" }), []);
});

test("a query is the number of a unit, too", () => {
  assert.deepEqual(matching({ query: "4" }), [4]);
  assert.deepEqual(matching({ query: "unit 1" }), [1]);
  assert.deepEqual(matching({ query: "44" }), []);
});

test("a category, and an IoU that units must exceed", () => {
  assert.deepEqual(matching({ category: "object" }), [0, 4]);
  assert.deepEqual(matching({ minIou: 0.25 }), [2], "0.25 itself does not exceed it");
  assert.deepEqual(matching({ minIou: 0.15, category: "part", query: "top" }), [3]);
});
