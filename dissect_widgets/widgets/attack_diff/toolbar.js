// The toolbar of the attack diff: image, target class, attack or stop, colors.

import { make, makeButton, makeSelect, plainText } from "../shared/dom.js";
import { CHANGE_COLORS } from "./palettes.js";

/** @import { Facts, Original } from "./types.js" */

/**
 * @param {object} options
 * @param {Facts} options.facts
 * @param {(values: Record<string, unknown>) => void} options.set sets traits
 * @param {() => void} options.start
 * @param {() => void} options.stop
 */
export function attackToolbar({ facts, set, start, stop }) {
  const image = makeSelect(
    "Image",
    facts.names.map((name, number) => [number, name]),
    (value) => set({ image: Number(value) }),
    "dw-image",
  );
  const step = (/** @type {number} */ by) =>
    set({ image: (Number(image.value) + by + facts.names.length) % facts.names.length });
  const target = makeSelect(
    "Target class",
    ["", ...facts.classes].map((name) => [name, name]),
    (value) => set({ target: value }),
    "dw-target",
  );
  const [nearest, ...targets] = target.options;
  const go = makeButton("Attack", "Attack the image", start, { className: "dw-go" });
  const end = makeButton("Stop", "Stop the attack; the best so far is shown", stop, { className: "dw-stop" });
  const bar = make("progress", { max: 1, value: 0, aria: { label: "Progress of the attack" } });
  const palette = makeSelect(
    "Colors of change",
    Object.keys(CHANGE_COLORS).map((name) => [name, name.replace("-", " / ")]),
    (value) => set({ palette: value }),
  );
  const previous = makeButton("‹", "Previous image", () => step(-1), { aria: { label: "Previous image" } });
  const next = makeButton("›", "Next image", () => step(1), { aria: { label: "Next image" } });
  return {
    element: make(
      "div",
      { className: "dw-toolbar" },
      make("label", {}, make("span", {}, "Image"), image),
      previous,
      next,
      make("label", {}, make("span", {}, "Target class"), target),
      go,
      end,
      bar,
      make("label", { className: "dw-count" }, make("span", {}, "More / less"), palette),
    ),
    /**
     * @param {object} state
     * @param {number} state.number of the image
     * @param {string} state.chosen target, "" for the nearest class
     * @param {Original} state.original
     * @param {boolean} state.isRunning
     * @param {number} state.progress
     * @param {string} state.colors
     */
    show({ number, chosen, original, isRunning, progress, colors }) {
      image.value = String(number);
      nearest.textContent = plainText(original.nearest ? `nearest: ${original.nearest}` : "nearest").slice(
        0,
        60,
      );
      for (const option of targets) option.disabled = option.value === original.class;
      target.value = chosen;
      palette.value = colors;
      go.hidden = isRunning;
      end.hidden = bar.hidden = !isRunning;
      bar.value = progress;
    },
  };
}
