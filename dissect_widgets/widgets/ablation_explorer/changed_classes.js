// Other classes whose accuracy changes most.

import { make } from "../shared/dom.js";
import { formatPercent } from "../shared/format.js";

/** @import { Result } from "./types.js" */

export function changedClasses() {
  const list = make("ol", { className: "dw-others" });
  return {
    element: make(
      "section",
      { className: "dw-changed" },
      make("h4", {}, "Other classes that change most"),
      list,
    ),
    /** @param {NonNullable<Result["changed_classes"]>} classes */
    show(classes) {
      if (!classes.length) return list.replaceChildren(make("li", { className: "dw-faint" }, "none"));
      list.replaceChildren(
        ...classes.map(([name, before, after]) =>
          make(
            "li",
            {},
            make("span", { className: "dw-name", title: name }, name),
            make("span", {}, formatPercent(before)),
            make("span", {}, "→"),
            make(
              "span",
              { className: (after ?? 0) < (before ?? 0) ? "dw-worse" : "dw-better" },
              formatPercent(after),
            ),
          ),
        ),
      );
    },
  };
}
