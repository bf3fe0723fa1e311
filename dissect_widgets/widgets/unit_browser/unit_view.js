// What a pane shows of one unit: large exemplars, a threshold to move, its activations, its best concepts.

import { drawExemplar, upsample } from "../shared/activation_maps.js";
import { categoryColor } from "../shared/colors.js";
import { make, makeButton, makeCanvas } from "../shared/dom.js";
import { formatNumber } from "../shared/format.js";
import { drawHistogram } from "./histogram.js";

/** @import { DataSource, UnitDetail } from "../shared/types.js" */

const EXEMPLAR_WIDTH = 150; // drawn so wide, and stretched to the pane

/** @param {UnitDetail["concepts"]} concepts @param {string[]} categories */
function conceptRows(concepts, categories) {
  if (!concepts.length) return [make("li", {}, "It overlaps with no concept.")];
  const best = Math.max(...concepts.map(([, , iou]) => iou), 1e-9);
  return concepts.map(([name, category, iou]) => {
    const color = categoryColor(category, categories);
    const fill = make("span", {
      className: "dw-fill",
      style: { width: `${(100 * iou) / best}%`, background: color },
    });
    return make(
      "li",
      { title: `${name}, ${category}, IoU ${iou}` },
      make("span", { className: "dw-dot", style: { background: color } }),
      make(
        "span",
        { className: "dw-label" },
        make("span", { className: "dw-name" }, name),
        make("span", { className: "dw-category" }, category),
      ),
      make("span", { className: "dw-track" }, fill),
      make("span", { className: "dw-iou" }, iou.toFixed(3)),
    );
  });
}

/** @param {DataSource} source @param {number} layer @param {number} unit */
function unitTitle({ about, columns }, layer, unit) {
  const [name, category] = about.concepts[columns[layer].concept[unit]];
  return make(
    "p",
    { className: "dw-title" },
    make("span", { className: "dw-dot", style: { background: categoryColor(category, about.categories) } }),
    make("span", { className: "dw-name" }, category ? name : "no concept"),
    make("span", { className: "dw-category" }, category),
    make("span", { className: "dw-iou" }, `IoU ${columns[layer].iou[unit].toFixed(3)}`),
  );
}

/** @param {DataSource} source @param {number} layer @param {number} unit */
function activationFacts({ about, columns }, layer, unit) {
  const { rule, level } = about.layers[layer];
  const { lowest, highest, threshold } = columns[layer];
  if (lowest[unit] === highest[unit]) {
    return `Its activation is ${formatNumber(lowest[unit])} everywhere.`;
  }
  const positions = rule === "half-pixel" ? "evenly spaced positions" : "receptive-field centers";
  return (
    `Top ${100 * level}% above ${formatNumber(threshold[unit])}; ` +
    `max activation ${formatNumber(highest[unit])}. Maps are upsampled from ${positions}.`
  );
}

/** @param {string} unitName @param {number} threshold @param {[number, number]} range @param {(value: number | null) => void} setThreshold */
function thresholdSlider(unitName, threshold, [lowest, highest], setThreshold) {
  const slider = make("input", {
    type: "range",
    className: "dw-slider",
    min: Math.min(lowest, 0),
    max: highest,
    step: "any",
    value: threshold,
    aria: { label: `Mask threshold of ${unitName}` },
    on: { input: () => setThreshold(Number(slider.value)) },
  });
  const output = make("output", { className: "dw-value" });
  const reset = makeButton("Reset", "Back to the unit's own threshold", () => setThreshold(null));
  return {
    element: make(
      "label",
      { className: "dw-threshold" },
      make("span", {}, "Mask threshold"),
      slider,
      output,
      reset,
    ),
    /** @param {number} value */
    show(value) {
      slider.value = String(value);
      output.textContent = formatNumber(value);
      reset.disabled = value === threshold;
    },
  };
}

/** @param {DataSource["about"]} about @param {number} layer @param {number} unit @param {UnitDetail} detail */
function exemplarCanvases(about, layer, unit, { exemplars, names }) {
  const [height, width] = about.image_size;
  const drawnHeight = Math.round((EXEMPLAR_WIDTH * height) / width);
  return exemplars.map(({ bitmap, map, max_activation }, i) => {
    const text = `${names[i]}, max activation ${formatNumber(max_activation)}`;
    const label = `exemplar ${i + 1} of unit ${unit}: ${text}`;
    const canvas = makeCanvas(EXEMPLAR_WIDTH, drawnHeight, label);
    canvas.title = text;
    const values = upsample(map, about.layers[layer].grid, about.image_size, canvas.width, canvas.height);
    return { canvas, bitmap, values };
  });
}

/**
 * View of a unit: at once what is known of all units, and the rest with `showDetail`.
 * @param {object} options
 * @param {DataSource} options.source
 * @param {number} options.layer
 * @param {number} options.unit
 * @param {(value: number | null) => void} options.setThreshold
 */
export function unitView({ source, layer, unit, setThreshold }) {
  const { threshold, lowest, highest } = source.columns[layer];
  const ownThreshold = threshold[unit];
  const slider = thresholdSlider(`unit ${unit}`, ownThreshold, [lowest[unit], highest[unit]], setThreshold);
  const histogram = makeCanvas(240, 84, `histogram of the activations of unit ${unit}`);
  const gallery = make("div", { className: "dw-gallery" });
  const concepts = make("ol", { className: "dw-concepts" });
  const facts = make("p", { className: "dw-facts" });
  /** @type {ReturnType<typeof exemplarCanvases>} */
  let exemplars = [];
  /** @type {UnitDetail | null} */
  let detail = null;

  return {
    element: make(
      "div",
      {},
      unitTitle(source, layer, unit),
      gallery,
      slider.element,
      make(
        "div",
        { className: "dw-numbers" },
        make("div", {}, make("h4", {}, "Activations"), histogram, facts),
        make("div", {}, make("h4", {}, "Best concepts by IoU"), concepts),
      ),
    ),
    /** @param {UnitDetail} loaded */
    showDetail(loaded) {
      detail = loaded;
      concepts.replaceChildren(...conceptRows(loaded.concepts, source.about.categories));
      facts.textContent = activationFacts(source, layer, unit);
      exemplars = exemplarCanvases(source.about, layer, unit, loaded);
      gallery.replaceChildren(...exemplars.map(({ canvas }) => canvas));
    },
    /**
     * Draw what depends on the threshold; returns its value, and whether exemplars were there to be drawn.
     * @param {number | null} chosen null for the unit's own
     */
    showThreshold(chosen) {
      const value = chosen ?? ownThreshold;
      slider.show(value);
      for (const { canvas, bitmap, values } of exemplars) {
        const box = { x: 0, y: 0, width: canvas.width, height: canvas.height };
        drawExemplar(canvas, bitmap, values, value, box);
      }
      if (detail) drawHistogram(histogram, detail, value, ownThreshold);
      return { value, hasExemplars: detail !== null };
    },
  };
}
