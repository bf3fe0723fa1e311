// One unit in detail: large exemplars, a threshold to move, its activations, its best concepts.

const EXEMPLAR_WIDTH = 150; // drawn so wide, and stretched to the pane

/** Histogram of activations, counts on a logarithmic scale, with the threshold as a line. */
function drawHistogram(canvas, { histogram, binWidth }, threshold, own) {
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const density = canvas.width / parseFloat(canvas.style.width);
  const [width, height] = [canvas.width / density, canvas.height / density];
  const filled = histogram.flatMap((count, i) => (count ? [i] : []));
  const first = Math.min(filled[0] ?? 64, 64);
  const last = Math.max(filled.at(-1) ?? 64, 64) + 1;
  const left = (first - 64) * binWidth;
  const right = (last - 64) * binWidth;
  const x = (value) => ((value - left) / (right - left)) * width;
  const base = height - 16;
  const top = Math.log1p(Math.max(...histogram, 1));
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  for (let i = first; i < last; i++) {
    const high = (Math.log1p(histogram[i]) / top) * (base - 4);
    const middle = (i - 63.5) * binWidth;
    context.fillStyle = middle > threshold ? style.getPropertyValue("--dw-lit") : style.getPropertyValue("--dw-bar");
    context.fillRect(x((i - 64) * binWidth), base - high, Math.max(width / (last - first) - 1, 1), high);
  }
  context.fillStyle = style.getPropertyValue("--dw-text");
  context.fillRect(0, base, width, 1);
  context.fillRect(Math.min(x(threshold), width - 2), 0, 2, base);
  if (own !== threshold) {
    context.globalAlpha = 0.4;
    context.fillRect(Math.min(x(own), width - 2), 0, 2, base);
    context.globalAlpha = 1;
  }
  context.font = "11px sans-serif";
  context.textAlign = "left";
  context.fillText(short(left), 0, height - 3);
  context.textAlign = "right";
  context.fillText(short(right), width, height - 3);
}

function conceptRows(concepts, categories) {
  const most = Math.max(...concepts.map(([, , iou]) => iou), 1e-9);
  return concepts.map(([name, category, iou]) =>
    make(
      "li",
      { title: `${name}, ${category}, IoU ${iou}` },
      make("span", { className: "dw-dot", style: { background: categoryColor(category, categories) } }),
      make(
        "span",
        { className: "dw-label" },
        make("span", { className: "dw-name" }, name),
        make("span", { className: "dw-category" }, category),
      ),
      make(
        "span",
        { className: "dw-track" },
        make("span", {
          className: "dw-fill",
          style: { width: `${(100 * iou) / most}%`, background: categoryColor(category, categories) },
        }),
      ),
      make("span", { className: "dw-iou" }, iou.toFixed(3)),
    ),
  );
}

/** A pane that shows the unit that the state's trait `unitKey` names, with its own threshold. */
function detailPane({ state, source, unitKey, thresholdKey, step, failed }) {
  const element = make("section", { className: "dw-detail", hidden: true });
  const save = onceAFrame(() => state.save_changes());
  let shown = { token: 0 };

  function layerIndex() {
    return source.about.layers.findIndex(({ name }) => name === state.get("layer"));
  }

  function setThreshold(value) {
    state.set(thresholdKey, value);
    save();
  }

  function close() {
    state.set(unitKey, null);
    state.save_changes();
  }

  /** Draw what depends on the threshold. */
  const cut = onceAFrame(() => {
    const { pictures = [], own, slider, output, histogram, detail } = shown;
    if (!slider) return;
    const threshold = state.get(thresholdKey) ?? own;
    slider.value = threshold;
    output.textContent = short(threshold);
    shown.reset.disabled = threshold === own;
    for (const { canvas, bitmap, values } of pictures) {
      const box = { x: 0, y: 0, width: canvas.width, height: canvas.height };
      drawExemplar(canvas, bitmap, values, threshold, box);
    }
    if (detail) drawHistogram(histogram, detail, threshold, own);
  });

  function frame(layer, unit) {
    const columns = source.columns[layer];
    const [name, category] = source.about.concepts[columns.concept[unit]];
    const color = categoryColor(category, source.about.categories);
    const [own, low, high] = [columns.threshold[unit], columns.lowest[unit], columns.highest[unit]];
    const button = (text, title, click) =>
      make("button", { type: "button", className: "dw-button", title, aria: { label: title }, on: { click } }, text);
    const slider = make("input", {
      type: "range", className: "dw-slider", min: Math.min(low, 0), max: high, step: "any", value: own,
      aria: { label: `mask threshold of unit ${unit}` },
      on: { input: (event) => setThreshold(Number(event.target.value)) },
    });
    const output = make("output", { className: "dw-value" });
    const reset = button("reset", "Back to the unit's own threshold", () => setThreshold(null));
    const histogram = makeCanvas(240, 84, `histogram of the activations of unit ${unit}`);
    const gallery = make("div", { className: "dw-gallery" });
    const concepts = make("ol", { className: "dw-concepts" });
    const facts = make("p", { className: "dw-facts" });
    shown = { ...shown, own, slider, output, reset, histogram, pictures: [], detail: null };
    element.replaceChildren(
      make(
        "header",
        {},
        make("h3", {}, `unit ${unit}`),
        button("‹", "Previous unit (left arrow)", () => step(unitKey, -1)),
        button("›", "Next unit (right arrow)", () => step(unitKey, 1)),
        button("×", "Close", close),
      ),
      make(
        "p",
        { className: "dw-title" },
        make("span", { className: "dw-dot", style: { background: color } }),
        make("span", { className: "dw-name" }, category ? name : "no concept"),
        make("span", { className: "dw-category" }, category),
        make("span", { className: "dw-iou" }, `IoU ${columns.iou[unit].toFixed(3)}`),
      ),
      gallery,
      make("label", { className: "dw-threshold" }, make("span", {}, "mask threshold"), slider, output, reset),
      make(
        "div",
        { className: "dw-numbers" },
        make("div", {}, make("h4", {}, "activations"), histogram, facts),
        make("div", {}, make("h4", {}, "best concepts, by IoU"), concepts),
      ),
    );
    return { gallery, concepts, facts };
  }

  async function load(layer, unit, parts, token) {
    const detail = await source.detail(layer, unit);
    const { exemplars } = detail;
    if (token !== shown.token) return;
    const { about } = source;
    const { rule, level, grid } = about.layers[layer];
    parts.concepts.replaceChildren(...conceptRows(detail.concepts, about.categories));
    if (!detail.concepts.length) parts.concepts.append(make("li", {}, "It meets no concept at all."));
    const least = source.columns[layer].lowest[unit];
    const most = source.columns[layer].highest[unit];
    parts.facts.textContent =
      least === most
        ? `It is ${short(least)} everywhere: a unit that never changes.`
        : `Top ${100 * level}% above ${short(shown.own)}; highest ${short(most)}. ` +
          `Maps are read at ${rule === "half-pixel" ? "even positions" : "receptive-field centers"}.`;
    shown.detail = detail;
    const [high, wide] = about.picture;
    const canvases = exemplars.map(({ peak }, i) => {
      const text = `${detail.names[i]}, peak ${short(peak)}`;
      const canvas = makeCanvas(EXEMPLAR_WIDTH, Math.round((EXEMPLAR_WIDTH * high) / wide), `exemplar ${i + 1} of unit ${unit}: ${text}`);
      canvas.title = text;
      return canvas;
    });
    parts.gallery.replaceChildren(...canvases);
    shown.pictures = exemplars.map(({ bitmap, map }, i) => {
      const { width: w, height: h } = canvases[i];
      return { canvas: canvases[i], bitmap, values: upsample(map, grid, about.picture, w, h) };
    });
    element.dataset.drawn = unit;
    cut();
  }

  return {
    element,
    show() {
      const layer = layerIndex();
      const unit = state.get(unitKey);
      element.hidden = unit === null || unit === undefined;
      if (element.hidden) {
        shown = { token: shown.token + 1 };
        element.replaceChildren();
      } else if (shown.layer !== layer || shown.unit !== unit) {
        shown = { token: shown.token + 1, layer, unit };
        load(layer, unit, frame(layer, unit), shown.token).catch(failed);
        cut();
      }
    },
    cut,
  };
}
