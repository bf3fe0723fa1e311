// Bars of predicted probabilities; a mark on each shows the original value.

import { make } from "../shared/dom.js";
import { formatPercent } from "../shared/format.js";
import { between } from "./attack.js";

/** @param {string} name @param {string} kind */
function classBar(name, kind) {
  const fill = make("span", { className: `dw-fill ${kind}` });
  const mark = make("span", { className: "dw-mark" });
  const value = make("span", { className: "dw-bar-value" });
  const row = make(
    "li",
    { title: name },
    make("span", { className: `dw-name ${kind}` }, name),
    make("span", { className: "dw-bar-track" }, fill, mark),
    value,
  );
  return { fill, mark, value, row };
}

export function classBars() {
  const list = make("ol", { className: "dw-bars" });
  /** @type {ReturnType<typeof classBar>[]} */
  let bars = [];
  return {
    element: list,
    /** Show other classes; the source and the target have colors of their own. @param {{ names: string[], source: string, target?: string }} classes */
    setClasses({ names, source, target }) {
      bars = names.map((name) => {
        const kind = name === source ? "dw-of-source" : name === target ? "dw-of-target" : "";
        return classBar(name, kind);
      });
      list.replaceChildren(...bars.map(({ row }) => row));
    },
    /** @param {number[][]} probabilities @param {number} share */
    show(probabilities, share) {
      bars.forEach(({ fill, mark, value, row }, i) => {
        const now = between(probabilities[i], share);
        fill.style.width = `${100 * now}%`;
        mark.style.left = `${100 * probabilities[i][0]}%`;
        value.textContent = formatPercent(now);
        row.title = `was ${formatPercent(probabilities[i][0])}, is ${formatPercent(now)}`;
      });
    },
  };
}
