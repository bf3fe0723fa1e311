// The units of a layer in the order of their importance to a class; a click chooses or lets go.

const ROW_STRIP = { count: 3, width: 126, thumb: 40 };

/** A list whose rows are drawn when they come into sight. */
function rankedList({ source, place, units, toggle, failed }) {
  const body = make("div", { className: "dw-rows", aria: { role: "listbox", label: "Units by importance", multiselectable: "true" } });
  const element = make(
    "div",
    { className: "dw-ranked" },
    make(
      "div",
      { className: "dw-row dw-row-head" },
      make("span", {}, ""), make("span", {}, "unit"), make("span", {}, "concept"),
      make("span", { title: "Balanced accuracy that the class loses without the unit, over the images of the ranking" }, "points lost"),
      make("span", { title: "Mean log-odds that the class loses without the unit; tells units apart where accuracy does not" }, "log-odds lost"),
      make("span", {}, place >= 0 ? "exemplars" : ""),
    ),
    body,
  );
  const rows = new Map();
  const drawn = new Set();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const unit = Number(target.dataset.unit);
        if (!isIntersecting || drawn.has(unit) || place < 0) continue;
        drawn.add(unit);
        const strip = target.querySelector("canvas");
        const threshold = source.columns[place].threshold[unit];
        drawStrip(strip, source, place, unit, threshold, Math.min(ROW_STRIP.count, source.about.layers[place].exemplars)).catch(failed);
      }
    },
    { root: body, rootMargin: "120px" },
  );

  function concept(unit) {
    if (place < 0) return ["", ""];
    const [name, category] = source.about.concepts[source.columns[place].concept[unit]];
    return category ? [name, category] : ["no concept", ""];
  }

  function row(unit) {
    const [name, category] = concept(unit);
    const color = category ? categoryColor(category, source.about.categories) : "transparent";
    const element = make(
      "div",
      {
        className: "dw-row", tabIndex: 0, data: { unit }, aria: { role: "option", selected: "false" },
        on: {
          click: () => toggle(unit),
          keydown: (event) => {
            if (event.key !== " " && event.key !== "Enter") return;
            event.preventDefault();
            toggle(unit);
          },
        },
      },
      make("span", { className: "dw-tick" }),
      make("span", { className: "dw-number" }, `${unit}`),
      make(
        "span",
        { className: "dw-concept", title: name },
        make("span", { className: "dw-dot", style: { background: color } }),
        make(
          "span",
          { className: "dw-two-lines" },
          make("span", { className: "dw-name" }, name), make("span", { className: "dw-category" }, category),
        ),
      ),
      make("span", { className: "dw-loss" }),
      make("span", { className: "dw-odds" }, make("span", { className: "dw-track" }, make("span", { className: "dw-fill" })), make("span", { className: "dw-odds-text" })),
      place >= 0 ? makeCanvas(ROW_STRIP.width, ROW_STRIP.thumb, `exemplars of unit ${unit}`) : null,
    );
    observer.observe(element);
    return element;
  }
  for (let unit = 0; unit < units; unit++) rows.set(unit, row(unit));

  return {
    element,
    /** Put the rows in the order of a ranking. */
    rank({ units: order, loss, error, odds }) {
      const most = Math.max(...odds.map(Math.abs), 1e-9);
      order.forEach((unit, i) => {
        const element = rows.get(unit);
        const lost = element.querySelector(".dw-loss");
        const points = (100 * loss[i]).toFixed(2).replace("-", "−");
        lost.textContent = loss[i] === 0 ? "0" : `${points} ± ${(100 * error[i]).toFixed(2)}`;
        lost.title = "points of balanced accuracy, ± standard error";
        element.querySelector(".dw-fill").style.width = `${(100 * Math.max(odds[i], 0)) / most}%`;
        element.querySelector(".dw-odds-text").textContent = odds[i].toFixed(2).replace("-", "−");
      });
      body.replaceChildren(...order.map((unit) => rows.get(unit)));
      body.scrollTop = 0;
    },
    choose(chosen, mode) {
      const set = new Set(chosen);
      for (const [unit, element] of rows) {
        element.classList.toggle("dw-picked", set.has(unit));
        element.setAttribute("aria-selected", String(set.has(unit)));
        element.querySelector(".dw-tick").textContent = set.has(unit) ? (mode === "remove" ? "×" : "✓") : "";
      }
    },
    close: () => observer.disconnect(),
  };
}
