// The units of a layer by their importance to a class; a click chooses one or lets it go.

import { drawExemplarStrip } from "../shared/activation_maps.js";
import { categoryColor } from "../shared/colors.js";
import { make, makeCanvas } from "../shared/dom.js";

/** @import { DataSource, Fail } from "../shared/types.js" */
/** @import { Mode, Ranked } from "./types.js" */

const STRIP = { count: 3, width: 126, height: 40 };
const LOSS_TITLE = "Balanced accuracy that the class loses without the unit, over the images of the ranking";
const ODDS_TITLE =
  "Mean log-odds that the class loses without the unit; distinguishes units where accuracy does not";

/** @param {number} value @param {number} digits */
function signed(value, digits) {
  return value.toFixed(digits).replace("-", "−");
}

/** @param {boolean} isDissected */
function headRow(isDissected) {
  return make(
    "div",
    { className: "dw-row dw-row-head" },
    make("span", {}, ""),
    make("span", {}, "unit"),
    make("span", {}, "concept"),
    make("span", { title: LOSS_TITLE }, "points lost"),
    make("span", { title: ODDS_TITLE }, "log-odds lost"),
    make("span", {}, isDissected ? "exemplars" : ""),
  );
}

/** A row of the list. */
class UnitRow {
  /**
   * @param {DataSource} source
   * @param {number} layer -1 if it is not dissected
   * @param {number} unit
   * @param {(unit: number) => void} toggle
   */
  constructor({ about, columns }, layer, unit, toggle) {
    const isDissected = layer >= 0;
    const [name, category] = isDissected ? about.concepts[columns[layer].concept[unit]] : ["", ""];
    const color = category ? categoryColor(category, about.categories) : "transparent";
    const concept = isDissected && !category ? "no concept" : name;
    this.tick = make("span", { className: "dw-tick" });
    this.loss = make("span", {
      className: "dw-loss",
      title: "points of balanced accuracy, ± standard error",
    });
    this.fill = make("span", { className: "dw-fill" });
    this.odds = make("span", { className: "dw-odds-text" });
    this.strip = isDissected ? makeCanvas(STRIP.width, STRIP.height, `exemplars of unit ${unit}`) : null;
    this.element = make(
      "div",
      {
        className: "dw-row",
        tabIndex: 0,
        data: { unit },
        aria: { role: "option", selected: "false" },
        on: {
          click: () => toggle(unit),
          keydown: (/** @type {KeyboardEvent} */ event) => {
            if (event.key !== " " && event.key !== "Enter") return;
            event.preventDefault();
            toggle(unit);
          },
        },
      },
      this.tick,
      make("span", { className: "dw-number" }, `${unit}`),
      make(
        "span",
        { className: "dw-concept", title: concept },
        make("span", { className: "dw-dot", style: { background: color } }),
        make(
          "span",
          { className: "dw-two-lines" },
          make("span", { className: "dw-name" }, concept),
          make("span", { className: "dw-category" }, category),
        ),
      ),
      this.loss,
      make("span", { className: "dw-odds" }, make("span", { className: "dw-track" }, this.fill), this.odds),
      this.strip,
    );
  }

  /** @param {number} loss @param {number} error @param {number} odds @param {number} mostOdds */
  showImportance(loss, error, odds, mostOdds) {
    this.loss.textContent = loss === 0 ? "0" : `${signed(100 * loss, 2)} ± ${(100 * error).toFixed(2)}`;
    this.fill.style.width = `${(100 * Math.max(odds, 0)) / mostOdds}%`;
    this.odds.textContent = signed(odds, 2);
  }

  /** @param {boolean} isChosen @param {Mode} mode */
  showChosen(isChosen, mode) {
    this.element.classList.toggle("dw-picked", isChosen);
    this.element.setAttribute("aria-selected", String(isChosen));
    this.tick.textContent = isChosen ? (mode === "remove" ? "×" : "✓") : "";
  }
}

/**
 * Draw the exemplars of rows when they come into sight.
 * @param {Map<number, UnitRow>} rows
 * @param {Element} root
 * @param {{ source: DataSource, layer: number, fail: Fail }} options
 */
function drawWhenSeen(rows, root, { source, layer, fail }) {
  const count = Math.min(STRIP.count, source.about.layers[layer].exemplars);
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        observer.unobserve(target);
        const unit = Number(target.dataset.unit);
        const strip = rows.get(unit)?.strip;
        if (strip && count) drawExemplarStrip(strip, source, layer, unit, count).catch(fail);
      }
    },
    { root, rootMargin: "120px" },
  );
  for (const { element } of rows.values()) observer.observe(element);
  return observer;
}

/**
 * @param {object} options
 * @param {DataSource} options.source
 * @param {number} options.layer -1 if it is not dissected
 * @param {number} options.units
 * @param {(unit: number) => void} options.toggle
 * @param {Fail} options.fail
 */
export function rankedUnits({ source, layer, units, toggle, fail }) {
  const body = make("div", {
    className: "dw-rows",
    aria: { role: "listbox", label: "Units by importance", multiselectable: "true" },
  });
  /** @type {Map<number, UnitRow>} */
  const rows = new Map();
  for (let unit = 0; unit < units; unit++) rows.set(unit, new UnitRow(source, layer, unit, toggle));
  const observer = layer >= 0 ? drawWhenSeen(rows, body, { source, layer, fail }) : null;
  return {
    element: make("div", { className: "dw-ranked" }, headRow(layer >= 0), body),
    /** @param {Ranked} ranked */
    rank({ units: order, loss, error, odds }) {
      const mostOdds = Math.max(...odds.map(Math.abs), 1e-9);
      const ordered = order.map((unit) => /** @type {UnitRow} */ (rows.get(unit)));
      ordered.forEach((row, i) => row.showImportance(loss[i], error[i], odds[i], mostOdds));
      body.replaceChildren(...ordered.map(({ element }) => element));
      body.scrollTop = 0;
    },
    /** @param {number[]} chosen @param {Mode} mode */
    choose(chosen, mode) {
      const isChosen = new Set(chosen);
      for (const [unit, row] of rows) row.showChosen(isChosen.has(unit), mode);
    },
    close: () => observer?.disconnect(),
  };
}
