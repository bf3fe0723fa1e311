// A line of text above a figure. It also makes the figure as wide as its cell, and keeps keys in the widget.

import { make } from "../shared/dom.js";
import { keepKeys } from "../shared/root.js";
import { withStill } from "../shared/still.js";

/** @type {import("../shared/types.js").FrontEnd} */
const line = {
  render({ model, el }) {
    el.append(make("em", {}, model.get("text")));
    let release = () => {};
    /** @type {HTMLElement | null} */
    let root = null;
    let width = 0;
    const observer = new ResizeObserver(([entry]) => {
      if (entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      // a figure that was drawn before it was on the page has plotly's default width until the window changes
      window.dispatchEvent(new Event("resize"));
      const widget = wholeOf(el);
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

/** @param {HTMLElement} el */
const wholeOf = (el) => /** @type {HTMLElement | null} */ (el.closest(".dw-layer-comparison"));

export default withStill(line, wholeOf);
