// A line of text above a figure. It also makes the figure as wide as its cell, and keeps keys in the widget.

import { make } from "../shared/dom.js";
import { keepKeys } from "../shared/root.js";

/** @type {import("../shared/types.js").FrontEnd} */
export default {
  render({ model, el }) {
    const line = make("em", {}, model.get("text"));
    el.append(line);
    let release = () => {};
    /** @type {HTMLElement | null} */
    let root = null;
    let width = 0;
    const observer = new ResizeObserver(([entry]) => {
      if (entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      // a figure that was drawn before it was on the page has plotly's default width until the window changes
      window.dispatchEvent(new Event("resize"));
      const widget = /** @type {HTMLElement | null} */ (el.closest(".dw-layer-comparison"));
      if (!widget || widget === root) return;
      root = widget; // known only once all is on the page
      release();
      release = keepKeys(widget);
    });
    observer.observe(el);
    return () => {
      observer.disconnect();
      release();
    };
  },
};
