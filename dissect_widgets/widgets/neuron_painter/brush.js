// The image, and the brush over it: mouse, pen, touch and arrow keys make strokes of points.

import { contextOf, make, pixelDensity } from "../shared/dom.js";
import { oncePerFrame } from "../shared/traits.js";

/** @import { Point } from "./types.js" */
/** @typedef {{ points: Point[], brush: number }} Path points and diameter, as shares of the image's size */

/**
 * @typedef {object} BrushListener
 * @property {() => void} begin called before the first point of a stroke
 * @property {(points: Point[], time: number) => void} move
 * @property {() => void} end
 * @property {() => { diameter: number, color: string }} brushOf the brush as it is
 */

const ARROW_STEP = 0.04; // share of the image's width and height
const LEAST_MOVE = 0.5; // pixels of the page that a point is away from the last, to be one
const FARTHEST = 100; // sizes of the image that a point is outside of it, at most
const LEAST_DIAMETER = 2; // pixels, of what is drawn
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Outline of the brush: width and color of a dark line, and of a light one on it. @type {[number, string][]} */
const OUTLINE = [
  [3, "rgba(0, 0, 0, 0.55)"],
  [1.5, "#fff"],
];

/**
 * Where an arrow key moves the brush; null for other keys.
 * @param {Point} point
 * @param {string} key
 * @returns {Point | null}
 */
export function movedByKey([x, y], key) {
  const step = ARROWS[key];
  if (!step) return null;
  const clamp = (/** @type {number} */ value) => Math.min(Math.max(value, 0), 1);
  return [clamp(x + ARROW_STEP * step[0]), clamp(y + ARROW_STEP * step[1])];
}

/**
 * Whether a point is so far from another one that a line between them shows.
 * @param {Point} point
 * @param {Point} last
 * @param {[number, number]} size width and height of the image on the page
 */
function isFarther(point, last, [width, height]) {
  return Math.hypot((point[0] - last[0]) * width, (point[1] - last[1]) * height) >= LEAST_MOVE;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path} path
 * @param {string} color
 * @param {[number, number]} size width and height of the image on the page
 */
function tracePath(context, { points, brush }, color, [width, height]) {
  context.lineWidth = Math.max(brush * width, LEAST_DIAMETER);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = color;
  context.beginPath();
  points.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x * width, y * height));
  if (points.length === 1) context.lineTo(points[0][0] * width + 0.01, points[0][1] * height); // a dot
  context.stroke();
}

/** Image with a brush. */
export class PaintingArea {
  /** @param {BrushListener} listener */
  constructor(listener) {
    this.listener = listener;
    this.image = make("canvas", { className: "dw-image", aria: { role: "img", label: "generated image" } });
    this.overlay = make("canvas", {
      className: "dw-over",
      tabIndex: 0,
      aria: { role: "application", label: "Canvas; arrow keys move the brush, Enter paints a dab" },
    });
    this.element = make("div", { className: "dw-canvas" }, this.image, this.overlay);
    /** @type {[number, number]} */
    this.size = [1, 1];
    /** Where the brush is shown. @type {Point | null} */
    this.pointer = null;
    /** The stroke that is drawn, until its image is there. @type {Path | null} */
    this.stroke = null;
    /** A stroke of the list that is pointed at. @type {Path | null} */
    this.marked = null;
    this.isDrawing = false;
    this.redraw = oncePerFrame(() => this.drawOverlay());
    this.listenToPointer();
    this.listenToFocusAndKeys();
  }

  listenToPointer() {
    const { overlay } = this;
    overlay.addEventListener("pointerdown", (event) => this.startDrawing(event));
    overlay.addEventListener("pointermove", (event) => this.movePointer(event));
    overlay.addEventListener("pointerup", (event) => this.finishDrawing(event));
    overlay.addEventListener("pointercancel", (event) => this.finishDrawing(event));
    overlay.addEventListener("pointerleave", () => {
      if (!this.isDrawing) this.pointer = null;
      this.redraw();
    });
  }

  listenToFocusAndKeys() {
    const { overlay } = this;
    overlay.addEventListener("focus", () => {
      if (!this.isDrawing) this.pointer ??= [0.5, 0.5]; // the outline shows where the focus is
      this.redraw();
    });
    overlay.addEventListener("blur", () => {
      this.pointer = null;
      this.redraw();
    });
    overlay.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const moved = movedByKey(this.pointer ?? [0.5, 0.5], event.key);
      if (moved) this.pointer = moved;
      else if (event.key === "Enter" && this.pointer) {
        this.begin(this.pointer, event.timeStamp);
        this.listener.end();
      } else return;
      event.preventDefault();
      this.redraw();
    });
  }

  /** @param {PointerEvent} event @returns {Point} */
  pointOf(event) {
    const box = this.overlay.getBoundingClientRect();
    const clamp = (/** @type {number} */ value) => Math.min(Math.max(value, -FARTHEST), FARTHEST);
    return [
      clamp((event.clientX - box.left) / (box.width || 1)),
      clamp((event.clientY - box.top) / (box.height || 1)),
    ];
  }

  /** Begin a stroke. @param {Point} point @param {number} time */
  begin(point, time) {
    this.listener.begin();
    this.stroke = { points: [point], brush: this.listener.brushOf().diameter };
    this.listener.move([point], time);
  }

  /** @param {PointerEvent} event */
  startDrawing(event) {
    if (event.button !== 0 || this.isDrawing) return;
    event.preventDefault();
    this.overlay.focus({ preventScroll: true });
    this.overlay.setPointerCapture(event.pointerId);
    this.isDrawing = true;
    this.pointer = this.pointOf(event);
    this.begin(this.pointer, event.timeStamp);
    this.redraw();
  }

  /** @param {PointerEvent} event */
  movePointer(event) {
    this.pointer = this.pointOf(event);
    if (this.isDrawing && this.stroke && this.overlay.hasPointerCapture(event.pointerId)) {
      const coalesced = event.getCoalescedEvents?.() ?? [];
      /** @type {Point[]} */
      const moved = [];
      for (const part of coalesced.length ? coalesced : [event]) {
        const point = this.pointOf(part);
        const last = moved.at(-1) ?? /** @type {Point} */ (this.stroke.points.at(-1));
        if (isFarther(point, last, this.size)) moved.push(point);
      }
      this.stroke.points.push(...moved);
      if (moved.length) this.listener.move(moved, event.timeStamp);
    }
    this.redraw();
  }

  /** @param {PointerEvent} event */
  finishDrawing(event) {
    if (!this.isDrawing || !this.overlay.hasPointerCapture(event.pointerId)) return;
    this.isDrawing = false;
    this.overlay.releasePointerCapture(event.pointerId);
    if (event.pointerType === "touch") this.pointer = null;
    this.listener.end();
    this.redraw();
  }

  drawOverlay() {
    const [width, height] = this.size;
    const context = contextOf(this.overlay);
    const density = this.overlay.width / width;
    const { diameter, color } = this.listener.brushOf();
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    context.globalAlpha = 0.35;
    for (const path of [this.marked, this.stroke]) {
      if (path) tracePath(context, path, color, this.size);
    }
    context.globalAlpha = 1;
    if (!this.pointer) return;
    const [x, y] = [this.pointer[0] * width, this.pointer[1] * height];
    for (const [line, ink] of OUTLINE) {
      context.lineWidth = line;
      context.strokeStyle = ink;
      context.beginPath();
      context.arc(x, y, Math.max((diameter * width) / 2, 3), 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** Set the size of the image on the page, in CSS pixels. @param {number} width @param {number} height */
  resize(width, height) {
    this.size = [width, height];
    for (const canvas of [this.image, this.overlay]) {
      canvas.width = Math.round(width * pixelDensity());
      canvas.height = Math.round(height * pixelDensity());
    }
    this.element.style.setProperty("--dw-width", `${width}px`);
    this.element.style.setProperty("--dw-aspect", `${width} / ${height}`);
    this.redraw();
  }

  /** @param {ImageBitmap} bitmap @param {string} description */
  show(bitmap, description) {
    const context = contextOf(this.image);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, this.image.width, this.image.height);
    this.image.setAttribute("aria-label", description);
  }

  /** Forget the path of the stroke, once its image is there. */
  clearStroke() {
    if (!this.isDrawing) this.stroke = null;
    this.redraw();
  }

  /** @param {Path | null} path */
  mark(path) {
    this.marked = path;
    this.redraw();
  }
}
