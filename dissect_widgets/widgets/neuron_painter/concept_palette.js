// The concepts to paint with.

import { make } from "../shared/dom.js";

/** @import { Paint } from "./types.js" */

/** @param {{ paints: Paint[], choose: (name: string) => void }} options */
export function conceptPalette({ paints, choose }) {
  const chips = paints.map(({ name, category, iou, thumb }) =>
    make(
      "button",
      {
        type: "button",
        className: "dw-chip",
        data: { concept: name },
        title: `${name} (${category}): best unit has an IoU of ${iou.toFixed(2)}`,
        on: { click: () => choose(name) },
      },
      thumb ? make("img", { src: thumb, alt: "", width: 36, height: 36 }) : null,
      make(
        "span",
        { className: "dw-two-lines" },
        make("span", { className: "dw-name" }, name),
        make("span", { className: "dw-category" }, `IoU ${iou.toFixed(2)}`),
      ),
    ),
  );
  const aria = { role: "group", label: "Concepts to paint with" };
  return {
    element: make("div", { className: "dw-palette", aria }, ...chips),
    /** @param {string} name */
    show(name) {
      for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.concept === name));
    },
  };
}
