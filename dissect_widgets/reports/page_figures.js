// Figures of plotly, drawn when they come into sight, and all of them to be printed.

import { make } from "../widgets/shared/dom.js";

/**
 * @typedef {object} Layout what is read and changed of a figure's layout
 * @property {number} [width]
 * @property {number} [bargap]
 * @property {object} [legend]
 * @property {false} [dragmode]
 * @property {{ title?: { text?: string } }} [xaxis]
 */
/**
 * @typedef {object} Plotly what is used of plotly.js
 * @property {(box: HTMLElement, data: object[], layout: Layout, options: object) => Promise<unknown>} newPlot
 * @property {(box: HTMLElement) => void} purge
 */

const NARROW = 520; // pixels, of a phone
const LETTER = 8; // width of a letter of an axis' name, with something to spare
const PAPER = 680; // pixels across a page of A4 or Letter, between its margins

/** plotly.js, which is text until a figure needs it. It runs at once, because printing does not wait. */
export function plotly() {
  const page = /** @type {{ Plotly?: Plotly }} */ (/** @type {unknown} */ (window));
  if (!page.Plotly) {
    const text = document.getElementById("plotly")?.textContent ?? "";
    document.head.append(make("script", { textContent: text }));
  }
  return /** @type {Plotly} */ (page.Plotly);
}

/**
 * Break a text into lines that fit into a width, in pixels.
 * @param {string} text in which `<br>` breaks a line
 * @param {number} width
 */
export function brokenLines(text, width) {
  const lines = [""];
  for (const word of text.replaceAll("<br>", " <br> ").split(" ")) {
    const last = lines.at(-1) ?? "";
    if (word === "<br>") lines.push("");
    else if ((last.length + word.length) * LETTER > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`.trim();
  }
  return lines.join("<br>");
}

/**
 * For a phone: the legend above, where it is seen first; the axis' name in lines as short as needed.
 * @param {Layout} layout
 * @param {number} width
 */
export function makeNarrow(layout, width) {
  layout.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" };
  layout.bargap = 0.1;
  const title = layout.xaxis?.title;
  if (title?.text) title.text = brokenLines(title.text, width);
}

/** Draw a figure into its box, as wide as the box is, or in a given width. @param {HTMLElement} box @param {number} [width] */
async function drawFigure(box, width) {
  const { data, layout } = JSON.parse(box.closest("figure")?.querySelector("script")?.textContent ?? "");
  if (width) layout.width = width;
  else if (!layout.width && (box.parentElement?.clientWidth ?? 0) < NARROW) {
    makeNarrow(layout, box.clientWidth);
  }
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // a finger scrolls the page
  const drawn = plotly().newPlot(box, data, layout, { displayModeBar: false, responsive: !layout.width });
  box.dataset.drawn = "yes";
  await drawn;
}

/** @param {HTMLElement} box @param {number} [width] */
function drawOrSayWhy(box, width) {
  drawFigure(box, width).catch((reason) => {
    box.textContent = `This figure could not be drawn: ${reason}`;
  });
}

/** @param {HTMLElement} box */
function clearFigure(box) {
  if (box.dataset.drawn) plotly().purge(box);
  delete box.dataset.drawn;
  box.style.zoom = "";
}

/** Draw a figure as wide as it needs to be, and as small as paper is. @param {HTMLElement} box */
function drawForPaper(box) {
  const width = parseFloat(box.style.width) || Math.max(PAPER, parseFloat(box.style.minWidth) || 0);
  clearFigure(box);
  drawOrSayWhy(box, width);
  box.style.zoom = String(Math.min(1, PAPER / width));
}

/**
 * Draw figures when they are about to come into sight, once the returned function is called.
 * @param {HTMLElement[]} boxes
 */
export function drawFigures(boxes) {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        drawOrSayWhy(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: "400px" },
  );
  const start = () => boxes.forEach((box) => observer.observe(box));
  addEventListener("beforeprint", () => {
    observer.disconnect();
    boxes.forEach(drawForPaper);
  });
  addEventListener("afterprint", () => {
    boxes.forEach(clearFigure);
    start();
  });
  return start;
}

/** Open what is folded while the page is printed. */
export function unfoldOnPaper() {
  /** @type {HTMLDetailsElement[]} */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [
      .../** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details:not([open])")),
    ];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });
}
