// Above the units: tabs of layers, search, filters and order.

import { make, makeSelect } from "../shared/dom.js";

/** @import { DataSource, State } from "../shared/types.js" */
/** @typedef {(values: Record<string, unknown>) => void} Set sets traits */

/** @type {[string, string][]} */
const ORDERS = [
  ["iou", "by IoU"],
  ["unit", "by number"],
  ["concept", "by concept"],
  ["max_activation", "by max activation"],
];
const LEAST_RANGE = 0.1; // of the slider of IoU, where all are small

/** @param {{ source: DataSource, set: Set }} parts */
export function layerTabs({ source, set }) {
  const tabs = source.about.layers.map(({ name, units }) =>
    make(
      "button",
      {
        type: "button",
        className: "dw-tab",
        title: `${name}: ${units} units`,
        aria: { role: "tab" },
        on: { click: () => set({ layer: name, unit: null, compare: null }) },
      },
      name,
    ),
  );
  return {
    element: make("div", { className: "dw-tabs", aria: { role: "tablist", label: "Layers" } }, ...tabs),
    /** @param {number} layer */
    show: (layer) => tabs.forEach((tab, i) => tab.setAttribute("aria-selected", String(i === layer))),
  };
}

/** @param {{ state: State, source: DataSource, set: Set }} parts */
export function filterBar({ state, source, set }) {
  const search = make("input", {
    type: "search",
    className: "dw-search",
    placeholder: "Concept or unit number",
    aria: { label: "Search by concept or unit number" },
    on: { input: () => set({ query: search.value }) },
  });
  const category = makeSelect(
    "Category",
    [
      ["", "all categories"],
      ...source.about.categories.map((name) => /** @type {[string, string]} */ ([name, name])),
    ],
    (value) => set({ category: value }),
  );
  const sort = makeSelect("Order", ORDERS, (value) => set({ sort: value }));
  const { minIou, output, showMinIou } = iouSlider(source, set);
  const count = make("span", { className: "dw-count", aria: { live: "polite" } });
  return {
    element: make(
      "div",
      { className: "dw-toolbar" },
      search,
      category,
      make("label", {}, make("span", {}, "IoU above"), minIou, output),
      sort,
      count,
    ),
    /** @param {number} shown @param {number} units */
    show(shown, units) {
      if (search.value !== state.get("query")) search.value = state.get("query");
      category.value = state.get("category");
      sort.value = state.get("sort");
      showMinIou(state.get("min_iou"));
      count.textContent = `${shown} of ${units} units`;
    },
  };
}

/** @param {DataSource} source @param {Set} set */
function iouSlider(source, set) {
  const best = source.columns.map(({ iou }) => iou.reduce((a, b) => Math.max(a, b), 0));
  const minIou = make("input", {
    type: "range",
    min: 0,
    max: Math.ceil(Math.max(LEAST_RANGE, ...best) * 100) / 100,
    step: 0.01,
    aria: { label: "Minimum IoU" },
    on: { input: () => set({ min_iou: Number(minIou.value) }) },
  });
  const output = make("output", { className: "dw-value" });
  return {
    minIou,
    output,
    /** @param {number} value */
    showMinIou(value) {
      minIou.value = String(value);
      output.textContent = value > 0 ? value.toFixed(2) : "any";
    },
  };
}
