import assert from "node:assert/strict";
import { test } from "node:test";

import { belongsToWidget } from "../../../dissect_widgets/widgets/shared/root.js";

/** @param {string} key @param {Partial<Parameters<typeof belongsToWidget>[0]>} modifiers */
function belongs(key, modifiers = {}) {
  return belongsToWidget({
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    shiftKey: false,
    ...modifiers,
  });
}

test("keys without Ctrl, Alt and Meta belong to the widget", () => {
  for (const key of ["x", "d", "b", "a", "ArrowDown", "Enter", "Escape", "Tab", "0"]) assert.ok(belongs(key));
  assert.ok(belongs("M", { shiftKey: true }));
});

test("others are the notebook's, and Shift+Enter, which runs a cell", () => {
  assert.ok(!belongs("s", { ctrlKey: true }));
  assert.ok(!belongs("s", { metaKey: true }));
  assert.ok(!belongs("ArrowLeft", { altKey: true }));
  assert.ok(!belongs("Enter", { shiftKey: true }));
});

test("a modifier alone is nobody's: the notebook watches which of them are held", () => {
  for (const key of ["Control", "Shift", "Alt", "Meta"]) assert.ok(!belongs(key));
});
