// Images whose prediction changes.

import { contextOf, make, makeCanvas } from "../shared/dom.js";

/** @import { Fail } from "../shared/types.js" */
/** @import { ChangedImage } from "./types.js" */

const SIDE = 92;

/**
 * Draw an image so that it fills a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 */
function drawCover(canvas, bitmap) {
  const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const [x, y] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
  contextOf(canvas).drawImage(bitmap, x, y, width, height);
  canvas.dataset.drawn = "yes";
}

/**
 * @param {number} count of images whose prediction changes
 * @param {number} shown of them
 * @param {number} images
 */
function summary(count, shown, images) {
  if (!count) return "No prediction changes.";
  const first = shown < count ? `; the first ${shown}` : "";
  return `The prediction changes for ${count} of ${images} images${first}`;
}

/** @param {(image: number) => Promise<ImageBitmap>} loadImage @param {Fail} fail */
export function changedImages(loadImage, fail) {
  const title = make("h4", {});
  const gallery = make("div", { className: "dw-flips" });

  /** @param {ChangedImage} changed */
  const figure = ([image, before, after, truth]) => {
    const label = `${truth}, predicted as ${after}, before as ${before}`;
    const canvas = makeCanvas(SIDE, SIDE, label);
    const correct = (/** @type {string} */ name) => (name === truth ? "dw-right" : "");
    loadImage(image).then((bitmap) => drawCover(canvas, bitmap), fail);
    return make(
      "figure",
      { className: "dw-flip", title: label, data: { image } },
      canvas,
      make(
        "figcaption",
        {},
        make("span", { className: `dw-before ${correct(before)}` }, before),
        make("span", { className: correct(after) }, `→ ${after}`),
      ),
    );
  };
  return {
    element: make("section", {}, title, gallery),
    /** @param {number} count @param {ChangedImage[]} changed @param {number} images */
    show(count, changed, images) {
      title.textContent = summary(count, changed.length, images);
      gallery.replaceChildren(...changed.map(figure));
    },
  };
}
