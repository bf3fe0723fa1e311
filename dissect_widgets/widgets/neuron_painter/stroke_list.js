// The strokes that were painted, each of which can be switched off or removed.

function editList({ change, drop, mark }) {
  const items = make("ol", { className: "dw-edits" });
  const title = make("h4", {});
  const hint = make("p", { className: "dw-hint" }, "Choose a concept, and paint on the picture.");
  return {
    element: make("section", { className: "dw-edit-list" }, title, items, hint),
    show(edits) {
      title.textContent = edits.length === 1 ? "1 stroke" : `${edits.length} strokes`;
      hint.hidden = edits.length > 0;
      mark(null);
      items.replaceChildren(
        ...edits.map((edit, index) => {
          const name = `${edit.mode} ${edit.concept}`;
          const box = make("input", {
            type: "checkbox", checked: edit.on, aria: { label: `stroke ${index + 1}, ${name}, counts` },
            on: { change: () => change(index, box.checked) },
          });
          return make(
            "li",
            { className: edit.on ? "" : "dw-off", on: { pointerenter: () => mark(edit), pointerleave: () => mark(null) } },
            make(
              "label",
              { title: `${edit.units.length} units` },
              box, make("span", { className: `dw-sign dw-sign-${edit.mode}` }, edit.mode === "draw" ? "+" : "−"),
              make("span", { className: "dw-name" }, edit.concept), make("span", { className: "dw-category" }, `${edit.units.length} units`),
            ),
            make("button", {
              type: "button", className: "dw-button dw-drop", title: "remove this stroke", aria: { label: `remove stroke ${index + 1}, ${name}` },
              on: { click: () => drop(index) },
            }, "×"),
          );
        }),
      );
      items.lastElementChild?.scrollIntoView?.({ block: "nearest" });
    },
  };
}
