// A pane with one unit in detail, and buttons to step to the next and to close it.

import { make, makeButton } from "../shared/dom.js";
import { oncePerFrame } from "../shared/traits.js";
import { unitView } from "./unit_view.js";

/** @import { DataSource, Fail, State } from "../shared/types.js" */

/**
 * A pane that shows the unit that the trait `unitKey` names, with the threshold of `thresholdKey`.
 * @param {object} options
 * @param {State} options.state
 * @param {DataSource} options.source
 * @param {"unit" | "compare"} options.unitKey
 * @param {"threshold" | "compare_threshold"} options.thresholdKey
 * @param {(by: number) => void} options.step to another unit
 * @param {() => void} options.close
 * @param {Fail} options.fail
 */
export function detailPane({ state, source, unitKey, thresholdKey, step, close, fail }) {
  const heading = make("h3", {});
  const body = make("div", {});
  const element = make(
    "section",
    { className: "dw-detail", hidden: true },
    make(
      "header",
      {},
      heading,
      makeButton("‹", "Previous unit (left arrow)", () => step(-1), { aria: { label: "Previous unit" } }),
      makeButton("›", "Next unit (right arrow)", () => step(1), { aria: { label: "Next unit" } }),
      makeButton("×", "Close", close, { aria: { label: "Close" } }),
    ),
    body,
  );
  const save = oncePerFrame(() => state.save_changes());
  /** @type {{ layer: number, unit: number, view: ReturnType<typeof unitView> } | null} */
  let shown = null;

  /** @param {number | null} value */
  const setThreshold = (value) => {
    state.set(thresholdKey, value);
    save();
  };
  const showThreshold = oncePerFrame(() => {
    if (!shown) return;
    const { value, hasExemplars } = shown.view.showThreshold(state.get(thresholdKey));
    element.dataset.threshold = String(value); // says what is drawn, for who waits for it
    if (hasExemplars) element.dataset.drawn = String(shown.unit);
  });

  /** @param {number} layer @param {number} unit */
  async function load(layer, unit) {
    const view = unitView({ source, layer, unit, setThreshold });
    const current = { layer, unit, view };
    shown = current;
    heading.textContent = `unit ${unit}`;
    body.replaceChildren(view.element);
    showThreshold();
    const detail = await source.detail(layer, unit);
    if (shown !== current) return;
    view.showDetail(detail);
    showThreshold();
  }

  return {
    element,
    showThreshold,
    show() {
      const layer = source.about.layers.findIndex(({ name }) => name === state.get("layer"));
      const unit = state.get(unitKey) ?? null;
      element.hidden = unit === null;
      if (unit === null) {
        shown = null;
        body.replaceChildren();
      } else if (shown?.layer !== layer || shown.unit !== unit) {
        load(layer, unit).catch(fail);
      }
    },
  };
}
