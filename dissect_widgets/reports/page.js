// The report: the unit browser, with all its data in the page; and figures, drawn when they come into sight.

import { errorLine } from "../widgets/shared/dom.js";
import { LocalState } from "../widgets/shared/local_state.js";
import { setTraits } from "../widgets/shared/traits.js";
import { mountBrowser } from "../widgets/unit_browser/browser.js";
import { drawFigures, plotly, unfoldOnPaper } from "./page_figures.js";
import { pageSource } from "./page_source.js";

/** @import { DataSource } from "../widgets/shared/types.js" */

const LONGEST_WAIT = 1500; // milliseconds until figures are drawn, whatever cards are missing
const PLOTLY_AFTER = 200; // milliseconds after that: it takes long to begin, and is needed when one scrolls
const HEIGHT = { least: 560, most: 900, share: 0.82 }; // of the browser, in pixels and of the window

/** @param {DataSource} source @param {HTMLElement} el */
function showBrowser(source, el) {
  const noFilters = { query: "", category: "", min_iou: 0 };
  const height = Math.max(HEIGHT.least, Math.min(HEIGHT.share * window.innerHeight, HEIGHT.most));
  const state = new LocalState({
    layer: source.about.layers.at(-1)?.name,
    unit: null,
    compare: null,
    threshold: null,
    compare_threshold: null,
    sort: "iou",
    height: Math.round(height),
    ...noFilters,
  });
  mountBrowser({ state, source, el });
  document.addEventListener("click", ({ target }) => {
    /** @type {HTMLElement | null | undefined} */
    const link = target instanceof Element ? target.closest("a[data-unit]") : null; // elsewhere on the page
    if (!link) return;
    const { unit } = link.dataset;
    const layer = source.about.layers[Number(link.dataset.layer)].name;
    setTraits(state, { ...noFilters, layer, unit: Number(unit), compare: null, threshold: null });
  });
}

/** Resolves when the cards in sight are drawn and seen; soon, too, if some are not to be. @param {HTMLElement} el */
function cardsDrawn(el) {
  return new Promise((resolve) => {
    setTimeout(resolve, LONGEST_WAIT);
    const observer = new MutationObserver(() => {
      if (el.querySelector(".dw-card:not([data-drawn])")) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(resolve));
    });
    observer.observe(el, { attributeFilter: ["data-drawn"], subtree: true });
  });
}

async function showUnits() {
  const el = /** @type {HTMLElement} */ (document.getElementById("browser"));
  try {
    showBrowser(await pageSource(), el);
    await cardsDrawn(el); // the units are seen first
  } catch (reason) {
    const { element, fail } = errorLine();
    el.append(element);
    fail(reason);
  }
}

unfoldOnPaper(); // before figures are drawn: those that are folded have no width
const boxes = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".plot"));
const startFigures = drawFigures([...boxes]);
showUnits().then(() => {
  startFigures();
  setTimeout(plotly, PLOTLY_AFTER);
});
