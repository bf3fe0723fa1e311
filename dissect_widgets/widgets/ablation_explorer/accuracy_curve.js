// The accuracy of a class along its ranking; a drag along it chooses how many units.

/** @import { Curve, Mode } from "./types.js" */

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { width: 460, height: 190, left: 44, right: 12, top: 12, bottom: 36 };
const TICKS = [0, 1, 4, 10, 25, 50, 100, 200, 400, 800];
const LARGE_STEP = 10; // units, for Page Up and Page Down

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * From numbers of units to places along the axis, and back; few units get more room.
 * @param {number} units
 */
export function unitScale(units) {
  const length = PLOT.width - PLOT.left - PLOT.right;
  return {
    /** @param {number} count */
    toX: (count) => PLOT.left + Math.sqrt(count / units) * length,
    /** @param {number} x */
    toCount: (x) => Math.round(Math.min(Math.max((x - PLOT.left) / length, 0), 1) ** 2 * units),
  };
}

/**
 * Number of units after a key, or null if the key does nothing.
 * @param {string} key
 * @param {number} count
 * @param {number} units
 */
export function countAfterKey(key, count, units) {
  /** @type {Record<string, number>} */
  const counts = {
    ArrowRight: count + 1,
    ArrowUp: count + 1,
    ArrowLeft: count - 1,
    ArrowDown: count - 1,
    PageUp: count + LARGE_STEP,
    PageDown: count - LARGE_STEP,
    Home: 0,
    End: units,
  };
  return key in counts ? Math.min(Math.max(counts[key], 0), units) : null;
}

/** @param {number} value */
function toY(value) {
  return PLOT.top + (1 - value) * (PLOT.height - PLOT.top - PLOT.bottom);
}

/** @param {number} units @param {(count: number) => number} toX */
function axes(units, toX) {
  const { width, height, left, right, bottom } = PLOT;
  const group = makeSvg("g");
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const y = toY(value);
    const className = value === 0.5 ? "dw-chance" : "dw-grid";
    group.append(
      makeSvg("line", { x1: left, x2: width - right, y1: y, y2: y, class: className }),
      makeSvg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, `${100 * value} %`),
    );
  }
  const chance = { x: width - right - 2, y: toY(0.5) - 4, "text-anchor": "end", class: "dw-faint" };
  group.append(makeSvg("text", chance, "chance"));
  for (const count of [...TICKS.filter((tick) => tick === 0 || tick < units * 0.8), units]) {
    const place = { x: toX(count), y: height - bottom + 16, "text-anchor": "middle" };
    group.append(makeSvg("text", place, `${count}`));
  }
  return group;
}

/**
 * @param {SVGSVGElement} svg
 * @param {(x: number) => void} choose called with a place along the axis
 */
function listenToDrags(svg, choose) {
  let isDragging = false;
  const chooseAt = (/** @type {PointerEvent} */ event) => {
    const box = svg.getBoundingClientRect();
    choose(((event.clientX - box.left) / box.width) * PLOT.width);
  };
  svg.addEventListener("pointerdown", (event) => {
    isDragging = true;
    svg.setPointerCapture(event.pointerId);
    chooseAt(event);
  });
  svg.addEventListener("pointermove", (event) => isDragging && chooseAt(event));
  const end = () => (isDragging = false);
  svg.addEventListener("pointerup", end);
  svg.addEventListener("pointercancel", end);
}

/**
 * A chart whose `show` draws the curve.
 * @param {{ units: number, choose: (count: number) => void }} options
 */
export function accuracyCurve({ units, choose }) {
  const { width, height, left, right, top, bottom } = PLOT;
  const { toX, toCount } = unitScale(units);
  const lines = makeSvg("g");
  const marker = makeSvg("g");
  const title = makeSvg("text", {
    x: (left + width - right) / 2,
    y: height - 4,
    "text-anchor": "middle",
    class: "dw-faint",
  });
  const svg = makeSvg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      class: "dw-curve",
      role: "slider",
      tabindex: 0,
      "aria-label": "Number of most important units",
      "aria-valuemin": 0,
      "aria-valuemax": units,
    },
    axes(units, toX),
    lines,
    marker,
    title,
  );
  listenToDrags(svg, (x) => choose(toCount(x)));
  svg.addEventListener("keydown", (event) => {
    const next = countAfterKey(event.key, Number(svg.getAttribute("aria-valuenow")), units);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(next);
  });

  /** @param {number[]} sizes @param {(number | null)[]} values @param {string} className */
  const path = (sizes, values, className) => {
    const points = sizes.flatMap((count, i) => {
      const value = values[i];
      return value === null ? [] : [`${toX(count).toFixed(1)},${toY(value).toFixed(1)}`];
    });
    return makeSvg("polyline", { points: points.join(" "), class: className });
  };
  return {
    element: svg,
    /**
     * @param {object} shown
     * @param {Curve | null} shown.curve
     * @param {Mode} shown.mode
     * @param {number | null} shown.n how many of the most important units are chosen, if no others are
     * @param {number} shown.count of chosen units
     * @param {number | null | undefined} shown.classAccuracy as the network is edited now
     * @param {number | null | undefined} shown.overallAccuracy
     */
    show({ curve, mode, n, count, classAccuracy, overallAccuracy }) {
      title.textContent =
        mode === "remove" ? "most important units removed" : "most important units kept, all others removed";
      svg.setAttribute("aria-valuenow", String(n ?? count));
      lines.replaceChildren();
      if (curve) {
        const { overall_accuracy, class_accuracy } = curve[mode];
        lines.append(
          path(curve.sizes, overall_accuracy, "dw-line-all"),
          path(curve.sizes, class_accuracy, "dw-line-class"),
        );
      }
      const x = toX(count);
      marker.replaceChildren(
        makeSvg("line", { x1: x, x2: x, y1: top, y2: height - bottom, class: "dw-now" }),
      );
      if (typeof overallAccuracy === "number") {
        marker.append(makeSvg("circle", { cx: x, cy: toY(overallAccuracy), r: 5, class: "dw-dot-all" }));
      }
      if (typeof classAccuracy === "number") {
        marker.append(makeSvg("circle", { cx: x, cy: toY(classAccuracy), r: 5, class: "dw-dot-class" }));
      }
    },
  };
}
