// The attack diff: choose a picture and a class, attack, and move between the original and the end.
// All that is seen follows from the traits, so it survives a reload.

function attackToolbar({ facts, set, start, stop }) {
  const option = (value, text) => make("option", { value }, text);
  const image = make(
    "select",
    { className: "dw-image", aria: { label: "image" }, on: { change: () => set({ image: Number(image.value) }) } },
    ...facts.names.map((name, number) => option(number, name)),
  );
  const step = (by) => set({ image: (Number(image.value) + by + facts.names.length) % facts.names.length });
  const nearest = option("", "");
  const targets = facts.classes.map((name) => option(name, name));
  const target = make(
    "select",
    { className: "dw-target", aria: { label: "class it is to be told as" }, on: { change: () => set({ target: target.value }) } },
    nearest, ...targets,
  );
  const button = (text, title, click, kind = "") =>
    make("button", { type: "button", className: `dw-button ${kind}`, title, aria: { label: title }, on: { click } }, text);
  const go = button("attack", "Attack the picture", start, "dw-go");
  const end = button("stop", "Stop the attack; the best so far is shown", stop, "dw-stop");
  const bar = make("progress", { max: 1, value: 0, aria: { label: "progress of the attack" } });
  const palette = make(
    "select",
    { aria: { label: "colors of change" }, on: { change: () => set({ palette: palette.value }) } },
    ...Object.keys(CHANGE_COLORS).map((name) => option(name, name.replace("-", " / "))),
  );
  return {
    element: make(
      "div",
      { className: "dw-toolbar" },
      make("label", {}, make("span", {}, "picture"), image), button("‹", "Previous picture", () => step(-1)), button("›", "Next picture", () => step(1)),
      make("label", {}, make("span", {}, "to be told as"), target),
      go, end, bar,
      make("label", { className: "dw-count" }, make("span", {}, "more / less"), palette),
    ),
    show({ number, chosen, original, running, progress, colors }) {
      image.value = number;
      nearest.textContent = `nearest${original.nearest ? `: ${original.nearest}` : ""}`;
      targets.forEach((one) => (one.disabled = one.value === original.class));
      target.value = chosen;
      palette.value = colors;
      go.hidden = running;
      end.hidden = bar.hidden = !running;
      bar.value = progress;
    },
  };
}

/** A browser of units below, whose unit is that of the widget. */
function unitShelf({ model, source, layer, set }) {
  const element = make("section", { className: "dw-shelf", hidden: true });
  let state = null;
  return {
    element,
    show() {
      const unit = model.get("unit");
      element.hidden = unit === null || unit === undefined || !source.about.layers.length;
      if (element.hidden) return;
      if (!state) {
        state = new LocalState({
          layer, unit, compare: null, threshold: null, compare_threshold: null,
          query: "", category: "", min_iou: 0, sort: "iou", height: model.get("height"),
        });
        mount({ state, source, el: element });
        state.on("change:unit", () => set({ unit: state.get("unit") }));
      } else if (state.get("unit") !== unit) {
        state.set("unit", unit);
        state.save_changes();
      }
    },
  };
}

function mountAttack({ model, source, el }) {
  const { ask } = source;
  const facts = model.get("_facts");
  const { element: error, failed } = errorLine();
  const set = (values) => {
    for (const [key, value] of Object.entries(values)) model.set(key, value);
    model.save_changes();
  };
  const start = () => ask({ kind: "start" }).catch(failed);
  const stop = () => ask({ kind: "stop" }).catch(failed);
  const bar = attackToolbar({ facts, set, start, stop });
  const frames = { original: framed("original", "dw-frame-original"), attacked: framed("attacked", "dw-frame-attacked"), difference: framed("difference", "dw-frame-difference") };
  const bars = classBars();
  const verdict = make("p", { className: "dw-verdict", aria: { live: "polite" } });
  const slide = (name, label, range, scale, unscale) => {
    const input = make("input", {
      type: "range", className: `dw-slider dw-${name}`, ...range, aria: { label },
      on: { input: () => { model.set(name, scale(Number(input.value))); draw(); save(); } },
    });
    return { input, put: () => (input.value = unscale(model.get(name))) };
  };
  const save = onceAFrame(() => model.save_changes());
  const position = slide("position", "from the original to the attacked picture", { min: 0, max: 1, step: 0.01 }, (x) => x, (x) => x);
  const times = slide("times", "how often the difference is enlarged", { min: 0, max: 3, step: 0.02 }, (x) => Math.round(10 ** x), Math.log10);
  const timesText = make("output", { className: "dw-value" });
  const timesRow = make("label", { className: "dw-times" }, times.input, timesText);
  frames.difference.element.append(timesRow);
  const units = changedUnits({ about: source.about, columns: source.columns, place: facts.place, open: (unit) => set({ unit }) });
  const legend = changeLegend();
  const shelf = unitShelf({ model, source, layer: facts.layer, set });
  const hint = make("p", { className: "dw-hint" }, "Choose what the picture is to be told as, and attack it.");
  const slider = make("label", { className: "dw-position-row" }, make("span", {}, "original"), position.input, make("span", {}, "attacked"));
  const below = make(
    "div",
    { className: "dw-inside" },
    make("div", { className: "dw-inside-head" }, make("h3", {}, `inside ${facts.layer}`), legend.element),
    units.element,
  );
  const root = make(
    "div",
    { className: "dw-browser dw-attack", data: { lmSuppressShortcuts: "true" } },
    bar.element, error,
    make(
      "div",
      { className: "dw-attack-body" },
      make("div", { className: "dw-frames" }, ...Object.values(frames).map(({ element }) => element), make("section", { className: "dw-told" }, make("h4", {}, "told as"), bars.element, verdict)),
      slider, hint, below,
    ),
    shelf.element,
  );

  let pixels = null; // of the original
  let attack = null; // what is known of the attack on it
  let turn = 0;

  /** The attack that belongs to the picture, decoded. */
  function readAttack() {
    const result = model.get("_result");
    const original = model.get("_original");
    if (result.image !== original.image || !result.success) return null;
    const perturbation = halves(asBits(model.get("_perturbation")));
    const all = halves(asBits(model.get("_maps")));
    const [rows, columns] = facts.grid;
    const size = rows * columns;
    const map = (place, k) => all.subarray((place * result.shown.length + k) * size, (place * result.shown.length + k + 1) * size);
    const last = facts.positions - 1;
    let scale = 0;
    result.shown.forEach((_, k) => map(last, k).forEach((value, i) => (scale = Math.max(scale, Math.abs(value - map(0, k)[i])))));
    return { ...result, perturbation, map, scale: scale || 1, last };
  }

  function changeAt(k, share) {
    const at = share * attack.last;
    const before = Math.floor(at);
    const after = Math.min(before + 1, attack.last);
    const [first, a, b] = [attack.map(0, k), attack.map(before, k), attack.map(after, k)];
    return Float32Array.from(first, (value, i) => a[i] + (at - before) * (b[i] - a[i]) - value);
  }

  const draw = onceAFrame(() => {
    if (!pixels) return;
    const original = model.get("_original");
    const share = model.get("position");
    const palette = model.get("palette");
    position.put();
    times.put();
    timesText.textContent = `× ${model.get("times")}`;
    frames.original.put(pixels);
    frames.original.say(original.class, percent(original.probabilities[0][0]));
    timesRow.hidden = slider.hidden = below.hidden = !attack;
    root.dataset.shown = attack ? `${attack.image}/${attack.target}` : "";
    root.dataset.position = share;
    if (!attack) {
      frames.attacked.clear(pixels);
      frames.difference.clear(pixels);
      bars.show(original.probabilities, 0);
      return;
    }
    const moved = perturbed(pixels, attack.perturbation, share);
    frames.attacked.put(moved);
    const now = attack.probabilities.map((values) => between(values, share));
    const best = now.indexOf(Math.max(...now));
    frames.attacked.say(attack.names[best], percent(now[best]));
    frames.difference.put(enlarged(pixels, attack.perturbation, share * model.get("times")));
    frames.difference.say(`L2 ${short(share * attack.l2)}`, `at most ${short(255 * share * attack.linf)} of 255`);
    bars.show(attack.probabilities, share);
    legend.show(attack.scale, palette);
    const place = new Map(attack.shown.map((unit, k) => [unit, k]));
    units.show({
      picture: moved, grid: facts.grid, size: original.size, scale: attack.scale, palette,
      changeOf: (unit) => changeAt(place.get(unit), share),
      deltaOf: (unit) => between(attack.peaks[place.get(unit)], share) - attack.peaks[place.get(unit)][0],
    });
  });

  /** Say what came of it. */
  function tell() {
    const { target, success, finished, broken, source: was, seconds, passes } = model.get("_result");
    const problem = model.get("error");
    error.hidden = !problem;
    error.textContent = problem;
    verdict.classList.toggle("dw-worse", Boolean(target) && !success);
    if (!target) verdict.textContent = model.get("running") ? "under way" : "";
    else if (broken && !success) verdict.textContent = "The attack failed: the network's scores are no finite numbers on the way.";
    else if (!success) verdict.textContent = finished ? `The attack failed: nothing was found that is told as ${target}.` : `Stopped before anything was found that is told as ${target}.`;
    else verdict.textContent = `From ${was} to ${target}${finished ? "" : ", stopped early: the best so far"}; ${passes} passes, ${seconds.toFixed(1)} s.`;
  }

  function showBar() {
    bar.show({
      number: model.get("image"), chosen: model.get("target"), original: model.get("_original"),
      running: model.get("running"), progress: model.get("progress"), colors: model.get("palette"),
    });
    hint.hidden = model.get("running") || Boolean(model.get("_result").target);
    root.dataset.running = model.get("running");
    tell();
  }

  async function arrived() {
    const own = ++turn;
    showBar();
    const original = model.get("_original");
    if (!original.size) return;
    const found = await readPixels(model.get("_picture"));
    if (own !== turn) return;
    pixels = found;
    attack = readAttack();
    bars.frame(attack ?? { names: original.names, source: original.class });
    if (attack) {
      units.frame(attack, original.size);
      units.choose(model.get("unit"));
    } else units.clear();
    draw();
  }

  const showUnit = () => {
    shelf.show();
    units.choose(model.get("unit"));
  };
  const soon = onceAFrame(() => arrived().catch(failed));
  const deaf = listen(model, [
    ["_original", soon], ["_picture", soon], ["_result", soon], ["_maps", soon],
    ["position", draw], ["times", draw], ["palette", draw], ["unit", showUnit],
    ...["image", "target", "running", "progress", "palette", "error"].map((key) => [key, onceAFrame(showBar)]),
  ]);
  el.append(root);
  soon();
  showUnit();
  return () => {
    deaf();
    root.remove();
  };
}

export default overKernel(mountAttack);
