// The painter: a palette of concepts, a picture with a brush, and the strokes that were painted.

const BRUSH = ["concept", "mode", "n", "brush", "strength"];
const INK = { draw: "#56b4e9", erase: "#d55e00" };

/** Send pieces one after another; what comes while one is under way goes along with the next. */
function oneAtATime(run, failed) {
  let busy = false;
  const waiting = [];
  const pump = async () => {
    if (busy || !waiting.length) return;
    busy = true;
    const next = waiting.shift();
    try {
      await run(next);
    } catch (error) {
      failed(error);
    }
    busy = false;
    pump();
  };
  return {
    add(piece) {
      const last = waiting.at(-1);
      if (piece.kind === "stroke" && !piece.first && last?.kind === "stroke" && !last.last) {
        last.points.push(...piece.points);
        last.last = piece.last;
        last.time = piece.time ?? last.time;
      } else waiting.push(piece);
      pump();
    },
  };
}

function rangeControl({ name, label, model, set, scale = (value) => value, unscale = scale, text, title, ...range }) {
  const input = make("input", {
    type: "range", className: "dw-slider", title, ...range,
    aria: { label }, data: { name }, on: { input: () => set(name, unscale(Number(input.value))) },
  });
  const value = make("output", { className: "dw-value" });
  return {
    element: make("label", { title }, make("span", {}, label), input, value),
    show() {
      input.value = scale(model.get(name));
      value.textContent = text(model.get(name));
    },
  };
}

function paletteList({ paints, choose }) {
  const chips = paints.map((paint) =>
    make(
      "button",
      {
        type: "button", className: "dw-chip", data: { concept: paint.name },
        title: `${paint.name} (${paint.category}): best unit has an IoU of ${paint.iou.toFixed(2)}`,
        on: { click: () => choose(paint.name) },
      },
      paint.thumb ? make("img", { src: paint.thumb, alt: "", width: 36, height: 36 }) : null,
      make("span", { className: "dw-two-lines" }, make("span", { className: "dw-name" }, paint.name), make("span", { className: "dw-category" }, `IoU ${paint.iou.toFixed(2)}`)),
    ),
  );
  return {
    element: make("div", { className: "dw-palette", aria: { role: "group", label: "concepts to paint with" } }, ...chips),
    show(name) {
      chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.concept === name)));
    },
  };
}

function download(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function mountPainter({ model, ask, el }) {
  const about = model.get("_about");
  const { element: error, failed: say } = errorLine();
  let problem = null; // of the last thing that was done here
  const failed = (reason) => {
    problem = reason;
    say(reason);
  };
  let turn = 0;
  let drawn = 0;
  let comparing = false;

  async function show(png, time) {
    const own = ++turn;
    const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
    if (own < drawn) return;
    drawn = own;
    area.show(bitmap);
    root.dataset.turn = own;
    if (time !== undefined) root.dataset.lag = (performance.now() - time).toFixed(1);
  }
  const current = () => model.get(comparing ? "_before" : "_picture");

  let lastTime;
  const line = oneAtATime(async (piece) => {
    const { time, then, ...question } = piece;
    if (question.kind === "stroke") lastTime = question.last ? time ?? lastTime : undefined;
    const { answer, buffers } = await ask(question);
    if (buffers?.length && !comparing) await show(buffers[0], time);
    problem = null;
    showState();
    then?.(answer);
  }, failed);
  const act = (what) => line.add({ kind: "do", what });

  let first = false;
  const area = paintingArea({
    begin() {
      compare(false);
      first = true;
    },
    move(points, time) {
      const brush = Object.fromEntries(BRUSH.map((name) => [name, model.get(name)]));
      line.add({ kind: "stroke", first, last: false, points: [...points], time, ...(first ? { brush } : {}) });
      first = false;
    },
    end: () => line.add({ kind: "stroke", first: false, last: true, points: [] }),
    brushOf: () => ({ diameter: model.get("brush"), color: INK[model.get("mode")] }),
  });

  function set(name, value) {
    model.set(name, value);
    model.save_changes();
    showBrush();
  }
  function compare(on) {
    if (comparing === on) return;
    comparing = on;
    root.classList.toggle("dw-comparing", on);
    show(current()).catch(failed);
  }

  const button = (text, title, run, extra = {}) =>
    make("button", { type: "button", className: "dw-button", title, on: { click: run }, ...extra }, text);
  const modes = [["draw", "D"], ["erase", "E"]].map(([mode, key]) =>
    button(mode, `${mode} (${key})`, () => set("mode", mode), { className: "dw-button dw-mode", data: { mode } }),
  );
  const sliders = [
    rangeControl({
      name: "brush", label: "brush", model, set, min: 2, max: 60, step: 1, scale: (v) => Math.round(v * 100), unscale: (v) => v / 100,
      text: (v) => `${Math.round(v * 100)} %`, title: "width of the brush, as a share of the picture ([ and ])",
    }),
    rangeControl({
      name: "strength", label: "strength", model, set, min: 0.1, max: 4, step: 0.1, text: (v) => `${v.toFixed(1)}×`,
      title: "how often their threshold the units are set to; erasing, 1 is zero, and more goes below",
    }),
    rangeControl({
      name: "n", label: "units", model, set, min: 1, max: Math.min(about.units, 100), step: 1, text: (v) => `${v}`,
      title: `how many of the ${about.units} units of ${about.layer}, those that match the concept best`,
    }),
  ];
  const undo = button("undo", "take back (Ctrl+Z)", () => act("undo"));
  const redo = button("redo", "do again (Ctrl+Shift+Z)", () => act("redo"));
  const reset = button("reset", "remove all strokes", () => act("reset"));
  const seed = make("input", {
    type: "number", className: "dw-seed", min: 0, max: 4294967295, step: 1, aria: { label: "seed of the sample" },
    on: { change: () => (seed.checkValidity() && seed.value !== "" ? line.add({ kind: "seed", seed: Number(seed.value) }) : showState()) },
  });
  const next = button("next", "next sample (N)", () => act("next"));
  const hold = button("hold: before", "hold to see the picture without strokes (B)", () => {}, { className: "dw-button dw-hold" });
  hold.addEventListener("pointerdown", () => compare(true));
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) hold.addEventListener(name, () => compare(false));
  const file = make("input", {
    type: "file", accept: ".json,application/json", hidden: true, aria: { label: "edits to load" },
    on: {
      change: async () => {
        const [chosen] = file.files;
        if (chosen) line.add({ kind: "load", text: await chosen.text(), name: chosen.name });
        file.value = "";
      },
    },
  });
  const palette = paletteList({ paints: model.get("_palette"), choose: (name) => set("concept", name) });
  const list = editList({
    change: (index, on) => line.add({ kind: "switch", index, on }),
    drop: (index) => line.add({ kind: "drop", index }),
    mark: (edit) => area.mark(edit && { points: edit.points, brush: edit.brush }),
  });
  const label = () => `seed${model.get("seed")}`;
  const saving = make(
    "div",
    { className: "dw-saving" },
    button("save picture", "as PNG", () => download(`${label()}.png`, new Blob([model.get("_picture")], { type: "image/png" }))),
    button("save edits", "as JSON", () =>
      line.add({ kind: "save", then: ({ text }) => download(`${label()}.json`, new Blob([text], { type: "application/json" })) })),
    button("load edits", "from JSON", () => file.click()), file,
  );
  const root = make(
    "div",
    { className: "dw-browser dw-painter", data: { lmSuppressShortcuts: "true" } },
    make(
      "div",
      { className: "dw-toolbar" },
      make("span", { className: "dw-modes", aria: { role: "group", label: "what the brush does" } }, ...modes),
      ...sliders.map((slider) => slider.element),
      make("span", { className: "dw-count", title: `Units of ${about.layer}, a map of ${about.grid.join(" × ")}; drawn ${about.how}.` }, `${about.layer}, ${about.grid.join(" × ")}`),
    ),
    make(
      "div",
      { className: "dw-body" },
      palette.element,
      make(
        "div",
        { className: "dw-stage" },
        area.element,
        make("div", { className: "dw-below" }, make("label", {}, make("span", {}, "sample"), seed), next, make("span", { className: "dw-spring" }), hold),
        error,
      ),
      make("div", { className: "dw-side" }, make("div", { className: "dw-acts" }, undo, redo, reset), list.element, saving),
    ),
  );
  root.addEventListener("keydown", (event) => {
    if (/^(text|number)$/.test(event.target.type ?? "")) return;
    const key = event.key.toLowerCase();
    const brush = model.get("brush");
    const command = event.ctrlKey || event.metaKey;
    const acts = command
      ? { z: () => act(event.shiftKey ? "redo" : "undo"), y: () => act("redo") }
      : {
          d: () => set("mode", "draw"), e: () => set("mode", "erase"), n: () => act("next"), b: () => compare(true),
          "[": () => set("brush", Math.max(0.02, brush - 0.02)), "]": () => set("brush", Math.min(0.6, brush + 0.02)),
        };
    if (!acts[key]) return;
    event.preventDefault();
    acts[key]();
  });
  root.addEventListener("keyup", (event) => event.key.toLowerCase() === "b" && compare(false));

  function showBrush() {
    palette.show(model.get("concept"));
    modes.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.mode === model.get("mode"))));
    sliders.forEach((slider) => slider.show());
    area.redraw();
  }
  function showState() {
    const { undo: canUndo, redo: canRedo } = model.get("_can");
    undo.disabled = !canUndo;
    redo.disabled = !canRedo;
    reset.disabled = !model.get("edits").length;
    seed.value = model.get("seed");
    area.describe(`sample ${model.get("seed")} with ${model.get("edits").length} strokes`);
    const wrong = model.get("error") || problem;
    if (wrong) say(wrong);
    else error.hidden = true;
  }
  function showPicture() {
    const time = lastTime;
    lastTime = undefined;
    show(current(), time).then(() => area.settle()).catch(failed);
  }
  function resize() {
    const [rows, columns] = about.picture;
    area.resize(model.get("size"), Math.round((model.get("size") * rows) / columns));
    showPicture();
  }
  const showEdits = () => {
    list.show(model.get("edits"));
    area.settle();
    showState();
  };
  const deaf = listen(model, [
    ...BRUSH.map((name) => [name, showBrush]), ["edits", showEdits], ["_can", showState], ["seed", showState],
    ["error", showState], ["_picture", showPicture], ["_before", () => comparing && showPicture()], ["size", resize],
  ]);
  el.append(root);
  resize();
  showBrush();
  showEdits();
  return () => {
    deaf();
    root.remove();
  };
}

export default {
  render({ model, el }) {
    const { ask, close } = asking(model);
    const unmount = mountPainter({ model, ask, el });
    return () => {
      unmount();
      close();
    };
  },
};
