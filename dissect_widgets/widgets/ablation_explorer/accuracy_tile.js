// Accuracy before and after, on a bar from 0 to 100 %.

import { make, plainText } from "../shared/dom.js";
import { formatPercent } from "../shared/format.js";

/** @import { BeforeAfter } from "./types.js" */

export function accuracyTile() {
  const name = make("div", { className: "dw-tile-title" });
  const now = make("strong", {});
  const was = make("span", { className: "dw-tile-was" });
  const fill = make("span", { className: "dw-fill" });
  const before = make("span", { className: "dw-mark" });
  const chance = make("span", { className: "dw-mark dw-mark-chance" });
  return {
    element: make(
      "div",
      { className: "dw-tile" },
      name,
      make("div", { className: "dw-tile-now" }, now, was),
      make("div", { className: "dw-tile-bar" }, fill, before, chance),
    ),
    /** @param {{ title: string, values: BeforeAfter, chanceLevel: number, uncertainty?: number | null }} facts */
    show({ title, values, chanceLevel, uncertainty }) {
      const margin = uncertainty ? `, ± ${(100 * uncertainty).toFixed(1)}` : "";
      name.textContent = name.title = plainText(title);
      now.textContent = formatPercent(values[1]);
      was.textContent = `was ${formatPercent(values[0])}${margin}`;
      fill.style.width = `${100 * (values[1] ?? 0)}%`;
      before.style.left = `${100 * (values[0] ?? 0)}%`;
      chance.style.left = `${100 * chanceLevel}%`;
      chance.title = `chance: ${formatPercent(chanceLevel)}`;
    },
  };
}
