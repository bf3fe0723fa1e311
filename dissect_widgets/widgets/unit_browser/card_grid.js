// The grid of unit cards. Only cards in sight exist, so hundreds of units scroll without lag.

import { drawExemplarStrip } from "../shared/activation_maps.js";
import { categoryColor } from "../shared/colors.js";
import { make, makeCanvas } from "../shared/dom.js";
import { oncePerFrame } from "../shared/traits.js";
import {
  cardsInSight,
  layOut,
  PADDING,
  positionOf,
  scrollToCard,
  STRIP,
  totalHeight,
} from "./grid_layout.js";

/** @import { DataSource, Fail } from "../shared/types.js" */
/** @import { GridLayout } from "./grid_layout.js" */

/**
 * @typedef {object} CardOptions
 * @property {DataSource} source
 * @property {(unit: number, compare: boolean) => void} choose called with a unit whose card is clicked
 * @property {Fail} fail
 */

/**
 * @param {CardOptions} options
 * @param {number} layer
 * @param {number} unit
 * @param {GridLayout} layout
 */
function unitCard({ source, choose, fail }, layer, unit, { width, thumb }) {
  const columns = source.columns[layer];
  const [name, category] = source.about.concepts[columns.concept[unit]];
  const iou = columns.iou[unit].toFixed(3);
  const color = categoryColor(category, source.about.categories);
  const label = category ? `unit ${unit}, ${name}, ${category}, IoU ${iou}` : `unit ${unit}, no concept`;
  const count = Math.min(STRIP, source.about.layers[layer].exemplars);
  const strip = count ? makeCanvas(width - 2 * PADDING, thumb, `exemplars of ${label}`) : null;
  const card = make(
    "div",
    {
      className: "dw-card",
      tabIndex: -1,
      title: label,
      data: { unit },
      aria: { role: "option", label, selected: "false" },
      on: { click: (/** @type {MouseEvent} */ event) => choose(unit, event.shiftKey) },
    },
    make(
      "div",
      { className: "dw-card-head" },
      make("span", { className: "dw-number" }, `${unit}`),
      make("span", { className: "dw-dot", style: { background: color } }),
      make("span", { className: "dw-name" }, category ? name : "no concept"),
      make("span", { className: "dw-category" }, category),
      make("span", { className: "dw-iou" }, iou),
    ),
    strip,
  );
  if (strip) {
    drawExemplarStrip(strip, source, layer, unit, count).then(() => (card.dataset.drawn = "yes"), fail);
  }
  return card;
}

/** The grid: `show` what is to be seen, `reveal` a unit. */
export class CardGrid {
  /** @param {CardOptions} options */
  constructor(options) {
    this.options = options;
    this.all = make("div", { className: "dw-cards-all" });
    this.empty = make(
      "p",
      { className: "dw-empty", hidden: true },
      "No unit matches the search and filters.",
    );
    this.element = make(
      "div",
      { className: "dw-cards", tabIndex: 0, aria: { role: "listbox", label: "Units" } },
      this.empty,
      this.all,
    );
    /** @type {Map<number, HTMLElement>} */
    this.cards = new Map();
    this.layer = 0;
    /** @type {number[]} */
    this.order = [];
    /** @type {(number | null)[]} */
    this.chosen = [];
    /** @type {GridLayout} */
    this.layout = { columns: 1, width: 0, height: 0, thumb: 0, pitch: 1 };
    this.element.addEventListener(
      "scroll",
      oncePerFrame(() => this.fill()),
      { passive: true },
    );
    let width = 0;
    this.observer = new ResizeObserver(() => {
      if (this.element.clientWidth === width) return this.fill();
      width = this.element.clientWidth;
      this.redraw();
      this.reveal(this.chosen[0]);
    });
    this.observer.observe(this.element);
  }

  /** @param {{ layer: number, order: number[], chosen: (number | null)[] }} next */
  show({ layer, order, chosen }) {
    const isOtherLayer = layer !== this.layer;
    Object.assign(this, { layer, order, chosen });
    this.empty.hidden = order.length > 0;
    if (isOtherLayer) {
      this.element.scrollTop = 0;
      this.redraw();
    } else this.fill();
  }

  /** @param {number | null} unit */
  reveal(unit) {
    const place = unit === null ? -1 : this.order.indexOf(unit);
    const { scrollTop, clientHeight } = this.element;
    if (place >= 0) this.element.scrollTop = scrollToCard(this.layout, place, scrollTop, clientHeight);
    this.fill();
  }

  close() {
    this.observer.disconnect();
  }

  /** Make all cards anew, for another layer or width. */
  redraw() {
    const { about } = this.options.source;
    this.keepFocus(() => {
      for (const card of this.cards.values()) card.remove();
      this.cards.clear();
    });
    this.layout = layOut(this.element.clientWidth, about.image_size, about.layers[this.layer].exemplars > 0);
    this.fill();
  }

  /** Have cards in sight, and no others. */
  fill() {
    if (!this.element.clientWidth) return; // not laid out yet; the observer calls again
    const [first, last] = cardsInSight(this.layout, this.element.scrollTop, this.element.clientHeight);
    const inSight = this.order.slice(first, last);
    this.all.style.height = `${totalHeight(this.layout, this.order.length)}px`;
    this.removeAllBut(new Set(inSight));
    inSight.forEach((unit, i) => {
      const card = this.cards.get(unit) ?? unitCard(this.options, this.layer, unit, this.layout);
      this.cards.set(unit, card);
      const next = this.all.children[i] ?? null;
      if (next !== card) this.all.insertBefore(card, next); // in reading order
      this.place(card, unit, first + i);
    });
  }

  /** @param {Set<number>} wanted */
  removeAllBut(wanted) {
    this.keepFocus(() => {
      for (const [unit, card] of this.cards) {
        if (wanted.has(unit)) continue;
        card.remove();
        this.cards.delete(unit);
      }
    });
  }

  /** @param {HTMLElement} card @param {number} unit @param {number} place */
  place(card, unit, place) {
    const [left, top] = positionOf(this.layout, place);
    Object.assign(card.style, {
      width: `${this.layout.width}px`,
      height: `${this.layout.height}px`,
      transform: `translate(${left}px, ${top}px)`,
    });
    const at = this.chosen.indexOf(unit);
    card.classList.toggle("dw-chosen", at === 0);
    card.classList.toggle("dw-compared", at === 1);
    card.setAttribute("aria-selected", String(at >= 0));
  }

  /**
   * Remove cards; where one had the focus, the grid gets it, so that keys still reach the widget.
   * @param {() => void} remove
   */
  keepFocus(remove) {
    const hadFocus = this.all.contains(document.activeElement);
    remove();
    if (hadFocus && !this.all.contains(document.activeElement)) this.element.focus({ preventScroll: true });
  }
}
