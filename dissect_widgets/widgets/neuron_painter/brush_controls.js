// The toolbar of the painter: draw or erase, size and strength of the brush, number of units.

import { make, makeButton } from "../shared/dom.js";

/** @import { State } from "../shared/types.js" */
/** @import { Facts, Mode } from "./types.js" */

const MOST_UNITS = 100;
/** @type {[Mode, string, string][]} */
const MODES = [
  ["draw", "Draw", "Draw with the concept (D)"],
  ["erase", "Erase", "Erase the concept (E)"],
];

/**
 * @typedef {object} Range
 * @property {string} name of the trait
 * @property {string} label
 * @property {string} title
 * @property {number} min
 * @property {number} max
 * @property {number} step
 * @property {number} scale values of the slider for each of the trait
 * @property {(value: number) => string} format
 */

/** @param {Facts} facts @returns {Range[]} */
function ranges({ layer, units }) {
  return [
    {
      name: "brush",
      label: "Brush",
      title: "Diameter of the brush, as a share of the image's width ([ and ])",
      min: 2,
      max: 60,
      step: 1,
      scale: 100,
      format: (value) => `${Math.round(value * 100)} %`,
    },
    {
      name: "strength",
      label: "Strength",
      title: "Multiple of the threshold that units are set to; erasing, 1 is zero, and more goes below",
      min: 0.1,
      max: 4,
      step: 0.1,
      scale: 1,
      format: (value) => `${value.toFixed(1)}×`,
    },
    {
      name: "n",
      label: "Units",
      title: `Number of units of ${layer} to paint with, of ${units}: those that match the concept best`,
      min: 1,
      max: Math.min(units, MOST_UNITS),
      step: 1,
      scale: 1,
      format: (value) => `${value}`,
    },
  ];
}

/** @param {Range} range @param {State} state @param {(name: string, value: number) => void} set */
function rangeControl({ name, label, title, scale, format, ...range }, state, set) {
  const input = make("input", {
    type: "range",
    className: "dw-slider",
    title,
    ...range,
    aria: { label },
    data: { name },
    on: { input: () => set(name, Number(input.value) / scale) },
  });
  const output = make("output", { className: "dw-value" });
  return {
    element: make("label", { title }, make("span", {}, label), input, output),
    show() {
      const value = state.get(name);
      input.value = String(scale === 1 ? value : Math.round(value * scale));
      output.textContent = format(value);
    },
  };
}

/**
 * @param {object} options
 * @param {Facts} options.facts
 * @param {State} options.state
 * @param {(name: string, value: unknown) => void} options.set
 */
export function brushControls({ facts, state, set }) {
  const modes = MODES.map(([mode, text, title]) =>
    makeButton(text, title, () => set("mode", mode), { className: "dw-mode", data: { mode } }),
  );
  const controls = ranges(facts).map((range) => rangeControl(range, state, set));
  const size = facts.grid.join(" × ");
  const title = `Units of ${facts.layer}, a map of ${size}; images are generated ${facts.strategy}.`;
  return {
    element: make(
      "div",
      { className: "dw-toolbar" },
      make("span", { className: "dw-modes", aria: { role: "group", label: "Mode of the brush" } }, ...modes),
      ...controls.map(({ element }) => element),
      make("span", { className: "dw-count", title }, `${facts.layer}, ${size}`),
    ),
    show() {
      const current = state.get("mode");
      for (const button of modes) {
        button.setAttribute("aria-pressed", String(button.dataset.mode === current));
      }
      for (const control of controls) control.show();
    },
  };
}
