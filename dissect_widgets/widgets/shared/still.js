// The still of a widget: hidden as long as the widget lives, and shown in its place when its kernel is gone.

import { followStill, markAsKnown } from "./saved_outputs.js";

/** @import { FrontEnd, Model } from "./types.js" */

/**
 * Styles that hide the outputs of a still: its text, and the picture after it.
 * @param {string} key
 */
export function hidingStyles(key) {
  const text = `.jp-OutputArea-child:has(> .jp-OutputArea-output > .dw-still-${key})`;
  return `${text}, ${text} + .jp-OutputArea-child:has(> .jp-RenderedImage) { display: none; }`;
}

/**
 * Hide the still of a widget while the widget lives; returns a function that ends this.
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {() => HTMLElement | null} getRoot what is hidden once the widget is dead and its still is there; null
 *   before it is on the page
 */
function replaceStill(model, el, getRoot) {
  const key = model.get("_still_key");
  if (!/^[\w-]+$/.test(key)) return () => {};
  const layout = model.get("layout"); // a model as well; that of the widget itself does not say whether it lives
  const styles = document.createElement("style");
  styles.textContent = hidingStyles(key);
  const show = () => {
    const isLive = layout?.comm_live !== false;
    if (!isLive) styles.remove();
    else if (!styles.isConnected) document.head.append(styles);
    const hasStill = document.querySelector(`.dw-still-${key}`) !== null;
    if (!isLive && hasStill) getRoot()?.style.setProperty("display", "none", "important");
    else getRoot()?.style.removeProperty("display");
    return isLive;
  };
  layout?.on?.("comm_live_update", show);
  const observer = new ResizeObserver(() => {
    if (!getRoot()) return;
    observer.disconnect(); // all is on the page
    show();
  });
  observer.observe(el);
  let unfollow = () => {};
  if (show()) {
    const context = model.widget_manager?.context;
    markAsKnown(context, key);
    unfollow = followStill(context, key);
  }
  return () => {
    layout?.off?.("comm_live_update", show);
    observer.disconnect();
    unfollow();
    styles.remove();
  };
}

/**
 * A front end whose widget leaves a still.
 * @param {FrontEnd} frontEnd
 * @param {(el: HTMLElement) => HTMLElement | null} getRoot element of the whole widget
 * @returns {FrontEnd}
 */
export function withStill(frontEnd, getRoot = (el) => el) {
  return {
    render({ model, el }) {
      const unmount = frontEnd.render({ model, el });
      const showStill = replaceStill(model, el, () => getRoot(el));
      return () => {
        unmount?.();
        showStill();
      };
    },
  };
}
