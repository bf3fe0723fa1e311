// A unit browser below the attack, whose unit is that of the widget.

import { make } from "../shared/dom.js";
import { LocalState } from "../shared/local_state.js";
import { setTraits } from "../shared/traits.js";
import { mountBrowser } from "../unit_browser/browser.js";

/** @import { DataSource, State } from "../shared/types.js" */

/**
 * @param {{ model: State, source: DataSource, layer: string }} options
 */
export function unitShelf({ model, source, layer }) {
  const element = make("section", { className: "dw-shelf", hidden: true });
  /** @type {LocalState | null} */
  let state = null;
  /** @type {() => void} */
  let unmount = () => {};

  /** @param {number} unit */
  function open(unit) {
    const opened = new LocalState({
      layer,
      unit,
      compare: null,
      threshold: null,
      compare_threshold: null,
      query: "",
      category: "",
      min_iou: 0,
      sort: "iou",
      height: model.get("height"),
    });
    unmount = mountBrowser({ state: opened, source, el: element });
    opened.on("change:unit", () => setTraits(model, { unit: opened.get("unit") }));
    state = opened;
  }
  return {
    element,
    show() {
      const unit = model.get("unit") ?? null;
      element.hidden = unit === null || !source.about.layers.length;
      if (element.hidden) return;
      if (!state) open(unit);
      else if (state.get("unit") !== unit) setTraits(state, { unit });
    },
    close: () => unmount(),
  };
}
