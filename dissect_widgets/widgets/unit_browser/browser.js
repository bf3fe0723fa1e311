// The unit browser: layer tabs, search and filters, the grid of cards, one or two units in detail.
// All that is seen follows from the state (the widget's traits), so it survives a reload.

import { errorLine, make } from "../shared/dom.js";
import { mountRoot } from "../shared/root.js";
import { oncePerFrame, onChanges, setTraits } from "../shared/traits.js";
import { CardGrid } from "./card_grid.js";
import { detailPane } from "./detail_pane.js";
import { FILTER_TRAITS, matchingUnits, readFilters } from "./filters.js";
import { filterBar, layerTabs } from "./toolbar.js";

/** @import { DataSource, State } from "../shared/types.js" */

const HINT = "Click a card for its unit; Shift-click another to see two side by side. Arrow keys step.";
/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/**
 * Show the browser in an element; returns a function that removes it.
 * @param {{ state: State, source: DataSource, el: HTMLElement }} options
 */
export function mountBrowser({ state, source, el }) {
  /** @type {number[]} */
  let order = [];
  const { element: error, fail } = errorLine();

  /** @param {Record<string, unknown>} values */
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) state.set(name, value);
    show(); // at once, before Python gets the change
    state.save_changes();
  };
  /** @param {number} unit @param {boolean} compare */
  const choose = (unit, compare) => {
    if (compare && state.get("unit") !== null) set({ compare: unit, compare_threshold: null });
    else set({ unit, threshold: null });
  };
  /** @param {"unit" | "compare"} key @param {number} by */
  const step = (key, by) => {
    const at = order.indexOf(state.get(key));
    const next = at < 0 ? order[0] : order[Math.min(Math.max(at + by, 0), order.length - 1)];
    if (next !== undefined) choose(next, key === "compare");
  };

  const tabs = layerTabs({ source, set });
  const bar = filterBar({ state, source, set });
  const grid = new CardGrid({ source, choose, fail });
  /** @param {"unit" | "compare"} unitKey @param {"threshold" | "compare_threshold"} thresholdKey */
  const pane = (unitKey, thresholdKey) => {
    const close = () => {
      setTraits(state, { [unitKey]: null });
      grid.element.focus({ preventScroll: true });
    };
    const stepHere = (/** @type {number} */ by) => step(unitKey, by);
    return detailPane({ state, source, unitKey, thresholdKey, step: stepHere, close, fail });
  };
  const panes = [pane("unit", "threshold"), pane("compare", "compare_threshold")];
  const hint = make("p", { className: "dw-hint" }, HINT);
  const root = mountRoot(
    el,
    { className: "dw-unit-browser", tabIndex: -1, on: { keydown: stepByKey } },
    tabs.element,
    bar.element,
    error,
    make(
      "div",
      { className: "dw-body" },
      grid.element,
      make("div", { className: "dw-panes" }, ...panes.map(({ element }) => element), hint),
    ),
  );

  /** @param {KeyboardEvent} event */
  function stepByKey(event) {
    const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
    const by = STEPS[event.key];
    if (isTyping || !by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step("unit", by);
  }

  function show() {
    const layer = source.about.layers.findIndex(({ name }) => name === state.get("layer"));
    order = matchingUnits(source.columns[layer], source.about.concepts, readFilters(state));
    const chosen = [state.get("unit"), state.get("compare")];
    tabs.show(layer);
    bar.show(order.length, source.about.layers[layer].units);
    root.element.classList.toggle("dw-has-unit", chosen[0] !== null);
    root.element.classList.toggle("dw-has-two", chosen[0] !== null && chosen[1] !== null);
    hint.hidden = chosen[0] !== null;
    for (const { show: showPane } of panes) showPane();
    grid.show({ layer, order, chosen });
  }

  const showSoon = oncePerFrame(show);
  const reveal = () =>
    requestAnimationFrame(() => requestAnimationFrame(() => grid.reveal(state.get("unit"))));
  const resize = () => root.element.style.setProperty("--dw-height", `${state.get("height")}px`);
  const stopListening = onChanges(state, [
    .../** @type {[string, () => void][]} */ (
      ["layer", "unit", "compare", ...FILTER_TRAITS].map((name) => [name, showSoon])
    ),
    ["unit", reveal],
    ["layer", reveal],
    ["threshold", panes[0].showThreshold],
    ["compare_threshold", panes[1].showThreshold],
    ["height", resize],
  ]);
  resize();
  show();
  reveal();
  return () => {
    stopListening();
    grid.close();
    root.remove();
  };
}
