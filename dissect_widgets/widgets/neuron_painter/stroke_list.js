// The strokes that were painted, each of which can be switched off or removed.

import { make, makeButton } from "../shared/dom.js";

/** @import { Stroke } from "./types.js" */

/**
 * @param {object} options
 * @param {(index: number, on: boolean) => void} options.change
 * @param {(index: number) => void} options.remove
 * @param {(stroke: Stroke | null) => void} options.mark called with the stroke that is pointed at
 */
export function strokeList({ change, remove, mark }) {
  const items = make("ol", { className: "dw-edits" });
  const title = make("h4", {});
  const hint = make("p", { className: "dw-hint" }, "Choose a concept, and paint on the image.");

  /** @param {Stroke} stroke @param {number} index */
  const item = (stroke, index) => {
    const name = `${stroke.mode} ${stroke.concept}`;
    const units = `${stroke.units.length} units`;
    const box = make("input", {
      type: "checkbox",
      checked: stroke.on,
      aria: { label: `Apply stroke ${index + 1}, ${name}` },
      on: { change: () => change(index, box.checked) },
    });
    const sign = stroke.mode === "draw" ? "+" : "−";
    return make(
      "li",
      {
        className: stroke.on ? "" : "dw-off",
        on: { pointerenter: () => mark(stroke), pointerleave: () => mark(null) },
      },
      make(
        "label",
        { title: units },
        box,
        make("span", { className: `dw-sign dw-sign-${stroke.mode}` }, sign),
        make("span", { className: "dw-name" }, stroke.concept),
        make("span", { className: "dw-category" }, units),
      ),
      makeButton("×", "Remove this stroke", () => remove(index), {
        className: "dw-drop",
        aria: { label: `Remove stroke ${index + 1}, ${name}` },
      }),
    );
  };
  return {
    element: make("section", { className: "dw-edit-list" }, title, items, hint),
    /** @param {Stroke[]} strokes */
    show(strokes) {
      title.textContent = strokes.length === 1 ? "1 stroke" : `${strokes.length} strokes`;
      hint.hidden = strokes.length > 0;
      mark(null);
      const focused = focusedPlace(items);
      items.replaceChildren(...strokes.map(item));
      if (focused) refocus(items, focused);
      items.scrollTop = items.scrollHeight; // the last stroke is in sight; the page itself does not move
    },
  };
}

/** Which control of which item has the focus. @param {HTMLElement} items */
function focusedPlace(items) {
  const active = document.activeElement;
  const index = [...items.children].findIndex((item) => item.contains(active));
  return index < 0 || !active ? null : { index, selector: active.localName };
}

/** Give the focus back to a list that was made anew. @param {HTMLElement} items @param {{ index: number, selector: string }} place */
function refocus(items, { index, selector }) {
  const item = items.children[Math.min(index, items.children.length - 1)];
  const control = /** @type {HTMLElement | null | undefined} */ (item?.querySelector(selector));
  control?.focus({ preventScroll: true });
}
