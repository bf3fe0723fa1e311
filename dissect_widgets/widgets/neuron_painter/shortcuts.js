// Keys of the painter.

/** @typedef {"draw" | "erase" | "next" | "compare" | "smaller" | "larger" | "undo" | "redo"} Action */
/** @typedef {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} Key */

/** @type {Record<string, Action>} */
const PLAIN = { d: "draw", e: "erase", n: "next", b: "compare", "[": "smaller", "]": "larger" };
const BRUSH_STEP = 0.02;
const BRUSH_RANGE = { least: 0.02, most: 0.6 };

/**
 * What a key does, or null.
 * @param {Key} event
 * @returns {Action | null}
 */
export function actionOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  const name = key.toLowerCase();
  if (altKey) return null;
  if (!ctrlKey && !metaKey) return PLAIN[name] ?? null;
  if (name === "z") return shiftKey ? "redo" : "undo";
  return name === "y" ? "redo" : null;
}

/** Whether keys are text there. @param {EventTarget | null} target */
export function isTextField(target) {
  return target instanceof HTMLInputElement && ["text", "number"].includes(target.type);
}

/**
 * Diameter of the brush after a key.
 * @param {number} diameter
 * @param {"smaller" | "larger"} action
 */
export function resizedBrush(diameter, action) {
  const changed = diameter + (action === "larger" ? BRUSH_STEP : -BRUSH_STEP);
  return Math.min(Math.max(changed, BRUSH_RANGE.least), BRUSH_RANGE.most);
}
