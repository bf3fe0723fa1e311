import assert from "node:assert/strict";
import { test } from "node:test";

import { movedByKey } from "../../../dissect_widgets/widgets/neuron_painter/brush.js";
import { actionOf, resizedBrush } from "../../../dissect_widgets/widgets/neuron_painter/shortcuts.js";

/** @import { Key } from "../../../dissect_widgets/widgets/neuron_painter/shortcuts.js" */

/** @param {string} key @param {Partial<Key>} modifiers */
function action(key, modifiers = {}) {
  return actionOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers });
}

test("plain keys", () => {
  assert.deepEqual(
    ["d", "E", "n", "b", "[", "]", "x"].map((key) => action(key)),
    ["draw", "erase", "next", "compare", "smaller", "larger", null],
  );
});

test("undo and redo, as on other canvases", () => {
  assert.equal(action("z", { ctrlKey: true }), "undo");
  assert.equal(action("Z", { ctrlKey: true, shiftKey: true }), "redo");
  assert.equal(action("z", { metaKey: true }), "undo");
  assert.equal(action("y", { ctrlKey: true }), "redo");
});

test("other keys with modifiers are not the painter's", () => {
  assert.equal(action("d", { ctrlKey: true }), null);
  assert.equal(action("s", { metaKey: true }), null);
  assert.equal(action("e", { altKey: true }), null);
});

test("the brush stays within its range", () => {
  assert.equal(resizedBrush(0.2, "larger").toFixed(2), "0.22");
  assert.equal(resizedBrush(0.03, "smaller"), 0.02);
  assert.equal(resizedBrush(0.6, "larger"), 0.6);
});

test("arrow keys move the brush, not beyond the image", () => {
  assert.deepEqual(movedByKey([0.5, 0.5], "ArrowUp"), [0.5, 0.46]);
  assert.deepEqual(movedByKey([0.99, 0.5], "ArrowRight"), [1, 0.5]);
  assert.equal(movedByKey([0.5, 0.5], "q"), null);
});
