// Units of an attacked image: where their activation rises and falls, and how their max activation changes.

import { upsample } from "../shared/activation_maps.js";
import { categoryColor } from "../shared/colors.js";
import { contextOf, make } from "../shared/dom.js";
import { formatSigned } from "../shared/format.js";
import { CHANGE_COLORS, tint } from "./palettes.js";

/** @import { Columns, Concept, DissectionFacts, Grid, Size } from "../shared/types.js" */
/** @import { UnitGroup } from "./types.js" */

const SIDE = 132;

/** A card of a unit. */
class UnitCard {
  /**
   * @param {number} unit
   * @param {Concept | null} concept null if the layer is not dissected
   * @param {string} color of the category
   * @param {Size} size of the canvas
   * @param {(unit: number) => void} open
   */
  constructor(unit, concept, color, [height, width], open) {
    this.unit = unit;
    this.name = concept ? concept[0] : "";
    this.canvas = make("canvas", { width, height, aria: { role: "img", label: "" } });
    this.delta = make("span", { className: "dw-delta" });
    const number = concept ? make("span", { className: "dw-category" }, `${unit}`) : null;
    this.button = make(
      "button",
      {
        type: "button",
        className: "dw-unit",
        data: { unit },
        disabled: !concept,
        title: concept ? `Open unit ${unit} in the browser` : "",
        on: { click: () => open(unit) },
      },
      this.canvas,
      make(
        "span",
        { className: "dw-unit-head" },
        make("span", { className: "dw-dot", style: { background: color } }),
        make("span", { className: "dw-name", title: this.name }, this.name || `unit ${unit}`),
        number,
      ),
      make(
        "span",
        { className: "dw-unit-head" },
        make("span", { className: "dw-category", title: "Change of the max activation" }, "Δ max"),
        this.delta,
      ),
    );
  }

  /**
   * @param {OffscreenCanvas} source the image
   * @param {(width: number, height: number) => Float32Array} changeAt change at each pixel
   * @param {number} delta change of the max activation
   * @param {number} scale
   * @param {string} palette
   */
  draw(source, changeAt, delta, scale, palette) {
    const { width, height } = this.canvas;
    const context = contextOf(this.canvas, { willReadFrequently: true });
    context.drawImage(source, 0, 0, width, height);
    const image = context.getImageData(0, 0, width, height);
    tint(image, changeAt(width, height), scale, CHANGE_COLORS[palette]);
    context.putImageData(image, 0, 0);
    const name = this.name ? `, ${this.name}` : "";
    this.delta.textContent = formatSigned(delta);
    this.canvas.setAttribute(
      "aria-label",
      `unit ${this.unit}${name}: max activation changes by ${this.delta.textContent}`,
    );
  }
}

/**
 * Cards of two groups of units.
 * @param {object} options
 * @param {DissectionFacts} options.about
 * @param {Columns[]} options.columns
 * @param {number} options.layer -1 if it is not dissected
 * @param {(unit: number) => void} options.open called with a unit whose card is clicked
 */
export function changedUnits({ about, columns, layer, open }) {
  const element = make("div", { className: "dw-groups" });
  /** @type {UnitCard[]} */
  let cards = [];

  /** @param {number} unit @returns {Concept | null} */
  function conceptOf(unit) {
    if (layer < 0) return null;
    const [name, category] = about.concepts[columns[layer].concept[unit]];
    return category ? [name, category] : ["no concept", ""];
  }
  /** @param {UnitGroup} group @param {number} place @param {Size} size */
  function section({ title, units }, place, size) {
    const added = units.map((unit) => {
      const concept = conceptOf(unit);
      const color = concept?.[1] ? categoryColor(concept[1], about.categories) : "transparent";
      return new UnitCard(unit, concept, color, size, open);
    });
    cards.push(...added);
    return make(
      "section",
      { className: "dw-group", aria: { label: title } },
      make("h4", { className: place === 0 ? "dw-of-source" : "dw-of-target" }, title),
      make("div", { className: "dw-units" }, ...added.map(({ button }) => button)),
    );
  }
  return {
    element,
    clear() {
      cards = [];
      element.replaceChildren();
    },
    /** Show other units. @param {UnitGroup[]} groups @param {Size} size of the image */
    setGroups(groups, [height, width]) {
      cards = [];
      const size = /** @type {Size} */ ([Math.round((SIDE * height) / width), SIDE]);
      element.replaceChildren(...groups.map((group, place) => section(group, place, size)));
    },
    /** @param {number | null} unit */
    choose(unit) {
      for (const card of cards) card.button.setAttribute("aria-pressed", String(card.unit === unit));
    },
    /**
     * @param {object} shown
     * @param {ImageData} shown.image
     * @param {(unit: number) => Float32Array} shown.changeOf change of the map of a unit
     * @param {(unit: number) => number} shown.deltaOf change of its max activation
     * @param {Grid} shown.grid
     * @param {Size} shown.size of the image
     * @param {number} shown.scale
     * @param {string} shown.palette
     */
    show({ image, changeOf, deltaOf, grid, size, scale, palette }) {
      const source = new OffscreenCanvas(image.width, image.height);
      contextOf(source).putImageData(image, 0, 0);
      for (const card of cards) {
        const change = changeOf(card.unit);
        const changeAt = (/** @type {number} */ width, /** @type {number} */ height) =>
          upsample(change, grid, size, width, height);
        card.draw(source, changeAt, deltaOf(card.unit), scale, palette);
      }
    },
  };
}

/** What the colors mean. */
export function changeLegend() {
  const low = make("span", {});
  const high = make("span", {});
  const ramp = make("span", { className: "dw-ramp" });
  const title = "Change of activation compared with the original image";
  return {
    element: make("span", { className: "dw-legend-change", title }, low, ramp, high),
    /** @param {number} scale @param {string} palette */
    show(scale, palette) {
      const css = (/** @type {number[]} */ color) => `rgb(${color.join(" ")})`;
      const { more, less } = CHANGE_COLORS[palette];
      low.textContent = `less ${formatSigned(-scale)}`;
      high.textContent = `${formatSigned(scale)} more`;
      ramp.style.background = `linear-gradient(90deg, ${css(less)}, #777 50%, ${css(more)})`;
    },
  };
}
