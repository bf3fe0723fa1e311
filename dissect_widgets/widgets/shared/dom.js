// Elements without HTML: names of concepts and files are text, whatever they contain.

/**
 * Properties of an element, and in `on`, `aria`, `data` and `style` its handlers, attributes and styles.
 * @typedef {{
 *   on?: Record<string, (event: any) => void>,
 *   aria?: Record<string, string | number>,
 *   data?: Record<string, string | number>,
 *   style?: Record<string, string>,
 *   [property: string]: any,
 * }} Properties
 */

const PRINTABLE = /^[ -~]*$/;
const HIDDEN = /[\p{C}\u2028\u2029]/gu; // breaks, and marks that turn around or hide what follows
const PILED = /(\p{M}{4})\p{M}+/gu; // more marks on a letter than stay within its line
const LONGEST_OPTION = 60;
const LONGEST = 2000; // characters of a name that a page shows, where one points at it too

/** A text as one line that shows all that it has, and changes nothing beside it. @param {string} text */
export function plainText(text) {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return PRINTABLE.test(shown) ? shown : shown.replace(HIDDEN, " ").replace(PILED, "$1");
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} properties
 * @param {(Node | string | null)[]} children null is left out
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, aria = {}, data = {}, style = {}, ...plain } = properties;
  if (typeof plain.title === "string") plain.title = plainText(plain.title);
  Object.assign(element, plain);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(aria)) {
    element.setAttribute(name === "role" ? "role" : `aria-${name}`, plainText(String(value)));
  }
  for (const [name, handler] of Object.entries(on)) element.addEventListener(name, handler);
  const shown = children.filter((child) => child !== null);
  element.append(...shown.map((child) => (typeof child === "string" ? plainText(child) : child)));
  return element;
}

/**
 * Make a button.
 * @param {string} text
 * @param {string} title also its accessible name, where the text alone does not say enough
 * @param {() => void} click
 * @param {Properties} properties
 */
export function makeButton(text, title, click, { className = "", ...properties } = {}) {
  const classes = `dw-button ${className}`.trim();
  return make("button", { type: "button", className: classes, title, on: { click }, ...properties }, text);
}

/** A text of an option: lists are as wide as their longest one. @param {string} text */
function ofOption(text) {
  return text.length > LONGEST_OPTION ? `${text.slice(0, LONGEST_OPTION - 1)}…` : text;
}

/**
 * Make a list to choose from.
 * @param {string} label accessible name
 * @param {[string | number, string][]} options values and texts
 * @param {(value: string) => void} choose
 * @param {string} className
 */
export function makeSelect(label, options, choose, className = "") {
  const select = make(
    "select",
    { className, aria: { label }, on: { change: () => choose(select.value) } },
    ...options.map(([value, text]) =>
      make(
        "option",
        { value: String(value), title: text.length > LONGEST_OPTION ? text : "" },
        ofOption(text),
      ),
    ),
  );
  return select;
}

/** Pixels of a canvas for each CSS pixel. */
export function pixelDensity() {
  return Math.min(window.devicePixelRatio || 1, 2);
}

/**
 * Make a canvas of a size in CSS pixels, sharp on dense screens, that reads as an image.
 * @param {number} width
 * @param {number} height
 * @param {string} label
 */
export function makeCanvas(width, height, label) {
  const density = pixelDensity();
  const canvas = make("canvas", {
    width: Math.round(width * density),
    height: Math.round(height * density),
    aria: { role: "img", label },
  });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return canvas;
}

/**
 * Context for drawing on a canvas.
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} settings
 */
export function contextOf(canvas, settings = {}) {
  const context = /** @type {CanvasRenderingContext2D | null} */ (canvas.getContext("2d", settings));
  if (!context) throw new Error("The browser gives no context for drawing.");
  return context;
}

/** A line for errors, and a function that shows one there. */
export function errorLine() {
  const element = make("p", { className: "dw-error", hidden: true, aria: { role: "alert" } });
  /** @type {import("./types.js").Fail} */
  const fail = (reason) => {
    element.textContent = plainText(
      `Could not display: ${reason instanceof Error ? reason.message : reason}`,
    );
    element.hidden = false;
  };
  return { element, fail };
}
