// Elements without HTML: names of concepts and files are text, whatever they contain.

/** Make an element: properties, `on` handlers, `aria` and `data` attributes, then children. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, aria = {}, data = {}, style = {}, ...plain } = properties;
  Object.assign(element, plain);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(aria)) {
    element.setAttribute(name === "role" ? "role" : `aria-${name}`, value);
  }
  for (const [name, handler] of Object.entries(on)) element.addEventListener(name, handler);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A canvas of a size in CSS pixels, sharp on dense screens, that reads as a picture. */
function makeCanvas(width, height, label) {
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = make("canvas", {
    width: Math.round(width * density),
    height: Math.round(height * density),
    aria: { role: "img", label },
  });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return canvas;
}

/** A line for what goes wrong, and a function that says it there. */
function errorLine() {
  const element = make("p", { className: "dw-error", hidden: true, aria: { role: "alert" } });
  const failed = (reason) => {
    element.textContent = `Something could not be shown: ${reason.message ?? reason}`;
    element.hidden = false;
  };
  return { element, failed };
}

/** Hear of changes of traits, by [name, run] pairs; returns a function that stops it. */
function listen(state, pairs) {
  const listeners = pairs.map(([key, run]) => [`change:${key}`, () => run()]);
  listeners.forEach(([name, run]) => state.on(name, run));
  return () => listeners.forEach(([name, run]) => state.off(name, run));
}

/** Call at most once a frame, with the last arguments. */
function onceAFrame(run) {
  let waiting = null;
  return (...values) => {
    if (waiting === null) {
      requestAnimationFrame(() => {
        const last = waiting;
        waiting = null;
        run(...last);
      });
    }
    waiting = values;
  };
}

// Okabe and Ito's colors, told apart by color-blind people too.
const CATEGORY_COLORS = {
  object: "#0072b2", part: "#d55e00", material: "#009e73",
  texture: "#cc79a7", scene: "#e69f00", color: "#56b4e9",
};
const OTHER_COLORS = ["#8c6d31", "#7570b3", "#666666"];

function categoryColor(category, categories) {
  const others = categories.filter((name) => !(name in CATEGORY_COLORS));
  return CATEGORY_COLORS[category] ?? OTHER_COLORS[others.indexOf(category) % OTHER_COLORS.length] ?? "#666666";
}

/** A number in as few characters as tell it. */
function short(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1000 || size < 0.001) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** A share as people read it; a dash where it is not known. */
const percent = (value) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)} %`);
