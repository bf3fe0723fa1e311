// The unit browser: layer tabs, search and filters, the grid of cards, one or two units in detail.
// All that is seen follows from the state (the widget's traits), so it survives a reload.

/** Units of a layer that match the filters, in the order asked for. */
function matching(source, layer, { query, category, minIou, sort }) {
  const { concept, iou, highest } = source.columns[layer];
  const { concepts } = source.about;
  const words = query.trim().toLowerCase();
  const number = /^(unit\s*)?\d+$/.test(words) ? Number(words.match(/\d+/)[0]) : null;
  const fits = (unit) => {
    const [name, kind] = concepts[concept[unit]];
    if (category && kind !== category) return false;
    if (minIou > 0 && !(iou[unit] > minIou)) return false;
    return !words || unit === number || (concept[unit] > 0 && name.toLowerCase().includes(words));
  };
  const name = (unit) => concepts[concept[unit]][0];
  const orders = {
    iou: (a, b) => iou[b] - iou[a] || a - b,
    unit: (a, b) => a - b,
    concept: (a, b) => name(a).localeCompare(name(b)) || iou[b] - iou[a],
    peak: (a, b) => highest[b] - highest[a] || a - b,
  };
  return Array.from(iou, (_, unit) => unit).filter(fits).sort(orders[sort]);
}

function toolbar({ state, source, set }) {
  const select = (label, key, options) => {
    const box = make(
      "select",
      { aria: { label }, on: { change: () => set({ [key]: box.value }) } },
      ...options.map(([value, text]) => make("option", { value }, text)),
    );
    return box;
  };
  const search = make("input", {
    type: "search", className: "dw-search", placeholder: "concept or unit number",
    aria: { label: "search by concept or unit number" }, on: { input: () => set({ query: search.value }) },
  });
  const categories = [["", "all categories"], ...source.about.categories.map((name) => [name, name])];
  const category = select("category", "category", categories);
  const sort = select("order", "sort", [
    ["iou", "by IoU"], ["unit", "by number"], ["concept", "by concept"], ["peak", "by peak"],
  ]);
  const most = Math.max(0.1, ...source.columns.map(({ iou }) => iou.reduce((a, b) => Math.max(a, b), 0)));
  const minIou = make("input", {
    type: "range", min: 0, max: Math.ceil(most * 100) / 100, step: 0.01, aria: { label: "least IoU" },
    on: { input: () => set({ min_iou: Number(minIou.value) }) },
  });
  const minIouText = make("output", { className: "dw-value" });
  const count = make("span", { className: "dw-count", aria: { live: "polite" } });
  const element = make(
    "div",
    { className: "dw-toolbar" },
    search, category,
    make("label", {}, make("span", {}, "IoU above"), minIou, minIouText),
    sort, count,
  );
  return {
    element,
    show(shown, units) {
      const detectors = state.get("min_iou");
      if (search.value !== state.get("query")) search.value = state.get("query");
      category.value = state.get("category");
      sort.value = state.get("sort");
      minIou.value = detectors;
      minIouText.textContent = detectors > 0 ? detectors.toFixed(2) : "any";
      count.textContent = `${shown} of ${units} units`;
    },
  };
}

function layerTabs({ source, set }) {
  const tabs = source.about.layers.map(({ name, units }) =>
    make(
      "button",
      {
        type: "button", className: "dw-tab", title: `${name}: ${units} units`, aria: { role: "tab" },
        on: { click: () => set({ layer: name, unit: null, compare: null }) },
      },
      name,
    ),
  );
  return {
    element: make("div", { className: "dw-tabs", aria: { role: "tablist", label: "Layers" } }, ...tabs),
    show: (layer) => tabs.forEach((tab, i) => tab.setAttribute("aria-selected", String(i === layer))),
  };
}

/** Show the browser in an element; returns a function that takes it away. */
function mount({ state, source, el }) {
  let order = [];
  const set = (values) => {
    for (const [key, value] of Object.entries(values)) state.set(key, value);
    show(); // before Python hears of it: what is seen comes first
    state.save_changes();
  };
  const { element: error, failed } = errorLine();
  const choose = (unit, beside) => {
    if (beside && state.get("unit") !== null) set({ compare: unit, compare_threshold: null });
    else set({ unit, threshold: null });
  };
  const step = (key, by) => {
    const at = order.indexOf(state.get(key));
    const next = at < 0 ? order[0] : order[Math.min(Math.max(at + by, 0), order.length - 1)];
    if (next !== undefined) choose(next, key === "compare");
  };
  const tabs = layerTabs({ source, set });
  const bar = toolbar({ state, source, set });
  const grid = cardGrid({ source, choose, failed });
  const panes = [
    detailPane({ state, source, unitKey: "unit", thresholdKey: "threshold", step, failed }),
    detailPane({ state, source, unitKey: "compare", thresholdKey: "compare_threshold", step, failed }),
  ];
  const hint = make("p", { className: "dw-hint" }, "Click a card for its unit; Shift-click another to see two side by side. Arrow keys step.");
  const root = make(
    "div",
    { className: "dw-browser", tabIndex: -1, data: { lmSuppressShortcuts: "true" } },
    tabs.element, bar.element, error,
    make(
      "div",
      { className: "dw-body" },
      grid.element,
      make("div", { className: "dw-panes" }, ...panes.map((pane) => pane.element), hint),
    ),
  );
  root.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (typing || !by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    step("unit", by);
  });

  function show() {
    const layer = source.about.layers.findIndex(({ name }) => name === state.get("layer"));
    const filters = {
      query: state.get("query"), category: state.get("category"),
      minIou: state.get("min_iou"), sort: state.get("sort"),
    };
    order = matching(source, layer, filters);
    const chosen = [state.get("unit"), state.get("compare")];
    tabs.show(layer);
    bar.show(order.length, source.about.layers[layer].units);
    root.classList.toggle("dw-has-unit", chosen[0] !== null);
    root.classList.toggle("dw-has-two", chosen[0] !== null && chosen[1] !== null);
    hint.hidden = chosen[0] !== null;
    panes.forEach((pane) => pane.show());
    grid.show({ layer, order, chosen });
  }

  const showSoon = onceAFrame(show);
  const reveal = () => requestAnimationFrame(() => requestAnimationFrame(() => grid.reveal(state.get("unit"))));
  const deaf = listen(state, [
    ...["layer", "unit", "compare", "query", "category", "min_iou", "sort"].map((key) => [key, showSoon]),
    ["unit", reveal], ["layer", reveal],
    ["threshold", panes[0].cut], ["compare_threshold", panes[1].cut],
    ["height", () => root.style.setProperty("--dw-height", `${state.get("height")}px`)],
  ]);
  root.style.setProperty("--dw-height", `${state.get("height")}px`);
  el.append(root);
  show();
  reveal();
  return () => {
    deaf();
    grid.close();
    root.remove();
  };
}
