// Images in frames: the original, the attacked one, and their difference.

import { contextOf, make, plainText } from "../shared/dom.js";

/** Pixels of a PNG. @param {BlobPart} png */
export async function readPixels(png) {
  const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
  const context = contextOf(new OffscreenCanvas(bitmap.width, bitmap.height));
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/**
 * The image plus a share of the perturbation.
 * @param {ImageData} image
 * @param {Float32Array} perturbation channel by channel
 * @param {number} share
 */
export function perturbed({ data, width, height }, perturbation, share) {
  return mapPixels(
    width,
    height,
    (i, c, at) => data[at] + 255 * share * perturbation[c * width * height + i],
  );
}

/**
 * The perturbation itself, enlarged, around a middle gray.
 * @param {ImageData} image
 * @param {Float32Array} perturbation
 * @param {number} factor
 */
export function enlarged({ width, height }, perturbation, factor) {
  return mapPixels(width, height, (i, c) => 127.5 + 255 * factor * perturbation[c * width * height + i]);
}

/**
 * @param {number} width
 * @param {number} height
 * @param {(pixel: number, channel: number, at: number) => number} value
 */
function mapPixels(width, height, value) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = value(i, c, 4 * i + c);
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/**
 * An image with a line above and below it.
 * @param {string} title
 * @param {string} className
 * @param {HTMLElement | null} below
 */
export function imageFrame(title, className, below = null) {
  const canvas = make("canvas", { aria: { role: "img", label: title } });
  const name = make("strong", {});
  const text = make("span", { className: "dw-faint" });
  const caption = make("figcaption", {}, name, text);
  const setCaption = (first = "", second = "") => {
    name.textContent = name.title = plainText(first);
    text.textContent = plainText(second);
    canvas.setAttribute("aria-label", plainText(`${title}: ${first} ${second}`));
  };
  return {
    element: make(
      "figure",
      { className: `dw-frame ${className}` },
      make("h4", {}, title),
      canvas,
      caption,
      below,
    ),
    setCaption,
    /** @param {ImageData} image */
    show(image) {
      if (canvas.width !== image.width || canvas.height !== image.height) {
        Object.assign(canvas, { width: image.width, height: image.height });
      }
      contextOf(canvas).putImageData(image, 0, 0);
      canvas.dataset.drawn = "yes";
    },
    /** An empty frame for an image of a size. @param {{ width: number, height: number }} size */
    clear({ width, height }) {
      Object.assign(canvas, { width, height });
      delete canvas.dataset.drawn;
      setCaption();
    },
  };
}
