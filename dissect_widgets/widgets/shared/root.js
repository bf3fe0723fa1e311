// The root of a widget: its class scopes the widget's styles, and keys without Ctrl, Alt or Meta stay inside.

import { make } from "./dom.js";

const KEY_EVENTS = /** @type {const} */ (["keydown", "keyup", "keypress"]);
const MODIFIERS = new Set(["Alt", "AltGraph", "Control", "Meta", "Shift"]);

/**
 * Whether a key is for the widget that has the focus, and not for the notebook around it: any key without
 * Ctrl, Alt and Meta, but for Shift+Enter, with which people run cells.
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey" | "shiftKey">} event
 */
export function belongsToWidget({ key, ctrlKey, altKey, metaKey, shiftKey }) {
  if (MODIFIERS.has(key) || ctrlKey || altKey || metaKey) return false;
  return !(shiftKey && key === "Enter");
}

/**
 * Keep the keys of a widget from the notebook; returns a function that ends this.
 *
 * JupyterLab hears keys on the document, after the widget: they are stopped at the root. Notebook 7 hears
 * them before the widget, but leaves those alone whose target has an attribute: it is set before that. The
 * attribute on the root alone does nothing, because a shortcut of the notebook matches the focused element.
 * @param {HTMLElement} root
 * @param {(event: KeyboardEvent) => boolean} isOwnKey which keys with Ctrl or Meta are the widget's too
 */
export function keepKeys(root, isOwnKey = () => false) {
  /** @param {KeyboardEvent} event */
  const isKept = (event) => belongsToWidget(event) || isOwnKey(event);
  /** @param {KeyboardEvent} event */
  const mark = (event) => {
    const [target] = event.composedPath();
    if (target instanceof Element && root.contains(target)) {
      target.toggleAttribute("data-lm-suppress-shortcuts", isKept(event));
    }
  };
  /** @param {KeyboardEvent} event */
  const stop = (event) => {
    if (isKept(event)) event.stopPropagation();
  };
  window.addEventListener("keydown", mark, true);
  for (const name of KEY_EVENTS) root.addEventListener(name, stop);
  return () => {
    window.removeEventListener("keydown", mark, true);
    for (const name of KEY_EVENTS) root.removeEventListener(name, stop);
  };
}

/**
 * @typedef {object} RootProperties
 * @property {string} className scope of the styles
 * @property {(event: KeyboardEvent) => boolean} [isOwnKey] see `keepKeys`
 */

/**
 * Put the root of a widget into its place on the page.
 * @param {HTMLElement} el where anywidget wants it
 * @param {import("./dom.js").Properties & RootProperties} properties
 * @param {(Node | string | null)[]} children
 */
export function mountRoot(el, { isOwnKey, ...properties }, ...children) {
  const element = make("div", properties, ...children);
  const release = keepKeys(element, isOwnKey);
  el.append(element);
  return {
    element,
    remove() {
      release();
      element.remove();
    },
  };
}
