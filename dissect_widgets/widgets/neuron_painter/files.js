// Saving the image and the edits, and loading edits.

import { make, makeButton } from "../shared/dom.js";

const LONGEST_NAME = 255;
const REVOKE_AFTER = 10_000; // milliseconds, in which the browser takes the file

/** @param {string} name @param {Blob} blob */
function download(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER);
}

/** Download a PNG. @param {string} name @param {BlobPart} png */
export function downloadImage(name, png) {
  download(`${name}.png`, new Blob([png], { type: "image/png" }));
}

/** Download an animated GIF. @param {string} name @param {BlobPart} gif */
export function downloadMovie(name, gif) {
  download(`${name}.gif`, new Blob([gif], { type: "image/gif" }));
}

/** Download JSON. @param {string} name @param {string} text */
export function downloadJson(name, text) {
  download(`${name}.json`, new Blob([text], { type: "application/json" }));
}

/**
 * Buttons to save and load.
 * @param {object} options
 * @param {() => void} options.saveImage
 * @param {() => void} options.saveMovie
 * @param {() => void} options.saveEdits
 * @param {(text: string, name: string) => void} options.loadEdits
 */
export function fileButtons({ saveImage, saveMovie, saveEdits, loadEdits }) {
  const file = make("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    aria: { label: "Edits to load" },
    on: {
      change: async () => {
        const [chosen] = file.files ?? [];
        if (chosen) loadEdits(await chosen.text(), chosen.name.slice(-LONGEST_NAME));
        file.value = "";
      },
    },
  });
  return make(
    "div",
    { className: "dw-saving" },
    makeButton("Save image", "As PNG", saveImage),
    makeButton("Save movie", "How the strokes were painted, as animated GIF", saveMovie),
    makeButton("Save edits", "As JSON", saveEdits),
    makeButton("Load edits", "From JSON", () => file.click()),
    file,
  );
}
