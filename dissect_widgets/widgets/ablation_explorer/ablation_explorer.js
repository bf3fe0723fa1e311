// The ablation explorer: a class, its units, and what the network says without them or with them alone.

const FLIP_SIDE = 92;

/** One figure, before and after, on a bar from 0 to 100 %. */
function figureTile(title) {
  const name = make("div", { className: "dw-tile-title" }, title);
  const now = make("strong", {});
  const was = make("span", { className: "dw-tile-was" });
  const fill = make("span", { className: "dw-fill" });
  const before = make("span", { className: "dw-mark" });
  const chance = make("span", { className: "dw-mark dw-mark-chance" });
  return {
    element: make(
      "div",
      { className: "dw-tile" },
      name, make("div", { className: "dw-tile-now" }, now, was),
      make("div", { className: "dw-tile-bar" }, fill, before, chance),
    ),
    show({ title, values, chance: level, uncertainty }) {
      name.textContent = title;
      now.textContent = percent(values[1]);
      was.textContent = `was ${percent(values[0])}${uncertainty ? `, ± ${(100 * uncertainty).toFixed(1)}` : ""}`;
      fill.style.width = `${100 * (values[1] ?? 0)}%`;
      before.style.left = `${100 * (values[0] ?? 0)}%`;
      chance.style.left = `${100 * level}%`;
      chance.title = `chance: ${percent(level)}`;
    },
  };
}

function flipGallery(pictureOf, failed) {
  const title = make("h4", {});
  const pictures = make("div", { className: "dw-flips" });
  let turn = 0;
  return {
    element: make("section", {}, title, pictures),
    show({ flips, gallery, images }) {
      const own = ++turn;
      title.textContent = flips
        ? `${flips} of ${images} pictures are told as something else${gallery.length < flips ? `; the first ${gallery.length}` : ""}`
        : "No prediction changes.";
      pictures.replaceChildren(
        ...gallery.map(([image, before, after, truth]) => {
          const right = (name) => (name === truth ? "dw-right" : "");
          const canvas = makeCanvas(FLIP_SIDE, FLIP_SIDE, `a ${truth}, told as ${after}, before as ${before}`);
          pictureOf(image)
            .then((bitmap) => {
              if (own !== turn) return;
              const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
              const [w, h] = [bitmap.width * scale, bitmap.height * scale];
              canvas.getContext("2d").drawImage(bitmap, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
              canvas.dataset.drawn = "yes";
            })
            .catch(failed);
          return make(
            "figure",
            { className: "dw-flip", title: `a ${truth}: told as ${before} before, as ${after} now`, data: { image } },
            canvas,
            make(
              "figcaption",
              {},
              make("span", { className: `dw-before ${right(before)}` }, before),
              make("span", { className: right(after) }, `→ ${after}`),
            ),
          );
        }),
      );
    },
  };
}

function mountExplorer({ model, source, el }) {
  const { ask } = source;
  const facts = model.get("_facts");
  const pictures = new Memory(600);
  const askForAll = async (images) => {
    const { buffers } = await ask({ kind: "images", images });
    return Promise.all(buffers.map(toBitmap));
  };
  const askPicture = batched(askForAll);
  const pictureOf = (image) => pictures.get(image, () => askPicture(image));
  const curves = new Memory(100);

  const { element: error, failed } = errorLine();

  // While Python measures, the last wish waits: a drag leaves no backlog.
  let busy = false;
  let wish = null;
  const local = { units: model.get("units"), n: model.get("n") };
  function send(values) {
    if (busy) {
      wish = { ...wish, ...values };
      return;
    }
    const same = ([key, value]) => JSON.stringify(model.get(key)) === JSON.stringify(value);
    if (Object.entries(values).every(same)) return; // Python would have nothing to measure, and never answer
    busy = true;
    for (const [key, value] of Object.entries(values)) model.set(key, value);
    model.save_changes();
  }
  function choose(n) {
    if (n === local.n) return;
    local.n = n;
    local.units = model.get("_ranked").units.slice(0, n);
    showChosen();
    if (wish) delete wish.units;
    send({ n });
  }
  function toggle(unit) {
    const there = local.units.includes(unit);
    local.units = there ? local.units.filter((other) => other !== unit) : [...local.units, unit];
    local.n = null;
    showChosen();
    if (wish) delete wish.n;
    send({ units: local.units });
  }

  const select = make(
    "select",
    { className: "dw-class", aria: { label: "class" }, on: { change: () => send({ class_name: select.value }) } },
    ...facts.present.map((name) => make("option", { value: name }, name)),
  );
  const modes = ["remove", "keep"].map((mode) =>
    make(
      "button",
      { type: "button", className: "dw-button dw-mode", data: { mode }, on: { click: () => send({ mode }) } },
      mode === "remove" ? "remove" : "keep only",
    ),
  );
  const slider = make("input", {
    type: "range", className: "dw-slider", min: 0, max: facts.units, step: 1, aria: { label: "how many of the most important units" },
    on: { input: () => choose(Number(slider.value)) },
  });
  const count = make("output", { className: "dw-value dw-chosen-count" });
  const reset = make("button", { type: "button", className: "dw-button", on: { click: () => choose(0) } }, "reset");
  const bar = make(
    "div",
    { className: "dw-toolbar" },
    make("label", {}, make("span", {}, "class"), select),
    make("span", { className: "dw-modes", aria: { role: "group", label: "what to do with the chosen units" } }, ...modes),
    make("label", { className: "dw-count-slider" }, make("span", {}, "the most important"), slider, count), reset,
    make("span", { className: "dw-count", title: `Run ${facts.how}.` }, `${facts.layer}, ${facts.images} pictures`),
  );
  const list = rankedList({ source, place: facts.place, units: facts.units, toggle, failed });
  const own = figureTile("");
  const all = figureTile("all classes");
  const others = make("ol", { className: "dw-others" });
  const chart = curveChart({ units: facts.units, choose });
  const gallery = flipGallery(pictureOf, failed);
  const hint = make("p", { className: "dw-hint" }, "Click units, or drag along the curve. Each picture is read anew without them.");
  const root = make(
    "div",
    { className: "dw-browser dw-explorer", data: { lmSuppressShortcuts: "true" } },
    bar, error,
    make(
      "div",
      { className: "dw-body" },
      list.element,
      make(
        "div",
        { className: "dw-effects" },
        make("div", { className: "dw-tiles" }, own.element, all.element),
        make(
          "div",
          { className: "dw-middle" },
          make(
            "section",
            { className: "dw-chart" },
            make(
              "div",
              { className: "dw-legend" },
              make("span", { className: "dw-key-own" }, "the class, balanced"), make("span", { className: "dw-key-all" }, "all classes"),
            ),
            chart.element,
          ),
          make("section", { className: "dw-changed" }, make("h4", {}, "other classes that change most"), others),
        ),
        gallery.element, hint,
      ),
    ),
  );

  let curve = null;
  function showChosen() {
    const mode = model.get("mode");
    list.choose(local.units, mode);
    slider.value = local.n ?? local.units.length;
    count.textContent = `${local.units.length} of ${facts.units}`;
    modes.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === mode)));
    const { own: values, all: overall } = model.get("_result");
    chart.show({
      curve, mode, n: local.n, count: local.units.length,
      own: values?.[1], all: overall?.[1],
    });
  }
  function showResult() {
    const result = model.get("_result");
    if (!result.own) return;
    error.hidden = true;
    own.show({ title: `${model.get("class_name")}, against all others`, values: result.own, chance: 0.5, uncertainty: result.uncertainty });
    all.show({ title: "all classes", values: result.all, chance: 1 / facts.classes.length });
    others.replaceChildren(
      ...result.others.map(([name, before, after]) =>
        make("li", {}, make("span", { className: "dw-name", title: name }, name), make("span", {}, percent(before)), make("span", {}, "→"), make("span", { className: after < before ? "dw-worse" : "dw-better" }, percent(after))),
      ),
    );
    if (!result.others.length) others.append(make("li", { className: "dw-faint" }, "none does"));
    gallery.show({ ...result, images: facts.images });
    hint.hidden = local.units.length > 0;
    root.dataset.shown = JSON.stringify(result.of);
  }
  async function showCurve() {
    const name = model.get("class_name");
    curve = null;
    showChosen();
    const found = await curves.get(name, async () => (await ask({ kind: "curve", class: name })).answer);
    if (name !== model.get("class_name")) return;
    curve = found;
    root.dataset.curve = name;
    showChosen();
  }
  function arrived() {
    const { own: measured, error: problem } = model.get("_result");
    if (!measured && !problem) return;
    busy = false;
    if (problem) failed(problem);
    const next = wish;
    wish = null;
    if (next) send(next);
    else Object.assign(local, { units: model.get("units"), n: model.get("n") });
    showChosen();
    showResult();
  }
  function showClass() {
    select.value = model.get("class_name");
    list.rank(model.get("_ranked"));
    showCurve().catch(failed);
  }
  const taken = () => {
    if (busy) return;
    Object.assign(local, { units: model.get("units"), n: model.get("n") });
    showChosen();
  };
  const deaf = listen(model, [
    ["_result", onceAFrame(arrived)], ["_ranked", onceAFrame(showClass)],
    ["units", onceAFrame(taken)], ["n", onceAFrame(taken)], ["mode", onceAFrame(showChosen)],
    ["height", () => root.style.setProperty("--dw-height", `${model.get("height")}px`)],
  ]);
  root.style.setProperty("--dw-height", `${model.get("height")}px`);
  el.append(root);
  showClass();
  arrived();
  return () => {
    deaf();
    list.close();
    root.remove();
  };
}

export default overKernel(mountExplorer);
