// Which units of a layer match the search and the filters, and in which order.

/** @import { Columns, Concept, State } from "../shared/types.js" */
/** @typedef {"iou" | "unit" | "concept" | "max_activation"} Sort */
/** @typedef {{ query: string, category: string, minIou: number, sort: Sort }} Filters */

/** Names of traits that `readFilters` reads. */
export const FILTER_TRAITS = ["query", "category", "min_iou", "sort"];

/**
 * @param {State} state
 * @returns {Filters}
 */
export function readFilters(state) {
  return {
    query: state.get("query"),
    category: state.get("category"),
    minIou: state.get("min_iou"),
    sort: state.get("sort"),
  };
}

/**
 * Units that match, sorted; ties by number.
 * @param {Pick<Columns, "concept" | "iou" | "highest">} columns of the layer
 * @param {Record<number, Concept>} concepts
 * @param {Filters} filters a query is a part of a concept's name, or the number of a unit
 */
export function matchingUnits({ concept, iou, highest }, concepts, { query, category, minIou, sort }) {
  const words = query.trim().toLowerCase();
  const number = Number(/^(?:unit\s*)?(\d+)$/.exec(words)?.[1] ?? NaN);
  const nameOf = (/** @type {number} */ unit) => concepts[concept[unit]][0];
  const matches = (/** @type {number} */ unit) => {
    if (category && concepts[concept[unit]][1] !== category) return false;
    if (minIou > 0 && !(iou[unit] > minIou)) return false;
    return !words || unit === number || (concept[unit] > 0 && nameOf(unit).toLowerCase().includes(words));
  };
  /** @type {Record<Sort, (a: number, b: number) => number>} */
  const orders = {
    iou: (a, b) => iou[b] - iou[a] || a - b,
    unit: (a, b) => a - b,
    concept: (a, b) => nameOf(a).localeCompare(nameOf(b)) || iou[b] - iou[a] || a - b,
    max_activation: (a, b) => highest[b] - highest[a] || a - b,
  };
  return Array.from(iou, (_, unit) => unit)
    .filter(matches)
    .sort(orders[sort]);
}
