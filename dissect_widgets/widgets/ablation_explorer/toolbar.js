// The toolbar of the ablation explorer: class, remove or keep, how many units.

import { make, makeButton, makeSelect } from "../shared/dom.js";

/** @import { Facts, Mode } from "./types.js" */

/** @type {[Mode, string][]} */
const MODES = [
  ["remove", "Remove"],
  ["keep", "Keep only"],
];

/**
 * @param {object} options
 * @param {Facts} options.facts
 * @param {(values: { class_name: string } | { mode: Mode }) => void} options.send
 * @param {(count: number) => void} options.chooseCount
 */
export function explorerToolbar({ facts, send, chooseCount }) {
  const select = makeSelect(
    "Class",
    facts.present.map((name) => [name, name]),
    (value) => send({ class_name: value }),
    "dw-class",
  );
  const modes = MODES.map(([mode, text]) =>
    makeButton(text, "", () => send({ mode }), { className: "dw-mode", data: { mode } }),
  );
  const slider = make("input", {
    type: "range",
    className: "dw-slider",
    min: 0,
    max: facts.units,
    step: 1,
    aria: { label: "Number of most important units" },
    on: { input: () => chooseCount(Number(slider.value)) },
  });
  const count = make("output", { className: "dw-value dw-chosen-count" });
  return {
    element: make(
      "div",
      { className: "dw-toolbar" },
      make("label", {}, make("span", {}, "Class"), select),
      make("span", { className: "dw-modes", aria: { role: "group", label: "Chosen units" } }, ...modes),
      make("label", { className: "dw-count-slider" }, make("span", {}, "Most important"), slider, count),
      makeButton("Reset", "Choose no unit", () => chooseCount(0)),
      make(
        "span",
        { className: "dw-count", title: `Run ${facts.strategy}.` },
        `${facts.layer}, ${facts.images} images`,
      ),
    ),
    /** @param {string} name */
    showClass(name) {
      select.value = name;
    },
    /** @param {Mode} mode @param {number} position of the slider @param {number} chosen */
    showChosen(mode, position, chosen) {
      slider.value = String(position);
      count.textContent = `${chosen} of ${facts.units}`;
      for (const button of modes) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    },
  };
}
