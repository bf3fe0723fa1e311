// The report: the same browser, with all its data in the page; and figures, drawn when they come into sight.

const NARROW = 520; // pixels, of a phone
const LETTER = 8; // of the name of an axis, with something to spare
const PAPER = 680; // pixels across a page of A4 or Letter, between its margins

function bytesOf(id) {
  const text = atob(document.getElementById(id).textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function unzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function unzipJson(id) {
  return JSON.parse(new TextDecoder().decode(await unzip(bytesOf(id))));
}

/** The page as a source of units, details and pictures; a layer is unpacked when it is opened. */
async function pageSource() {
  const about = await unzipJson("about");
  const columns = readColumns(new Uint8Array(await unzip(bytesOf("columns"))), about.layers);
  const layers = new Memory();
  const pictures = new Memory();
  const open = (layer) =>
    layers.get(layer, async () => {
      const [units, maps] = await Promise.all([unzipJson(`units-${layer}`), unzip(bytesOf(`maps-${layer}`))]);
      return { units, maps: new Uint8Array(maps) };
    });
  const source = {
    about,
    columns,
    async exemplars(layer, unit, count) {
      const { units, maps } = await open(layer);
      const { images, peaks, ranges, start } = units[unit];
      const size = about.layers[layer].grid[0] * about.layers[layer].grid[1];
      return images.slice(0, count).map((image, i) => {
        const [low, high] = ranges[i];
        const levels = maps.subarray((start + i) * size, (start + i + 1) * size);
        const map = Float32Array.from(levels, (level) => low + (level / 255) * (high - low));
        return { image, peak: peaks[i], map };
      });
    },
    async detail(layer, unit) {
      const exemplars = await source.exemplars(layer, unit);
      const bitmaps = await Promise.all(exemplars.map(({ image }) => source.picture(image)));
      const { detail } = (await open(layer)).units[unit];
      return { ...detail, exemplars: exemplars.map((entry, i) => ({ ...entry, bitmap: bitmaps[i] })) };
    },
    picture: (image) => pictures.get(image, () => toBitmap(bytesOf(`picture-${image}`))),
  };
  return source;
}

/** plotly.js, which is text until a figure needs it. At once, because printing does not wait. */
function plotly() {
  if (!window.Plotly) {
    document.head.append(make("script", { textContent: document.getElementById("plotly").textContent }));
  }
  return window.Plotly;
}

/** On a phone: the legend above, where it is seen first; the axis named in lines as short as needed. */
function makeNarrow(layout, width) {
  layout.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" };
  layout.bargap = 0.1;
  const title = layout.xaxis?.title;
  if (!title?.text) return;
  const lines = [""];
  for (const word of title.text.replaceAll("<br>", " <br> ").split(" ")) {
    if (word === "<br>" || (lines.at(-1).length + word.length) * LETTER > width) lines.push("");
    if (word !== "<br>") lines.push(`${lines.pop()} ${word}`.trim());
  }
  title.text = lines.join("<br>");
}

/** Draw a figure into its box, as wide as the box is, or in a given width. */
async function drawFigure(box, width) {
  const { data, layout } = JSON.parse(box.closest("figure").querySelector("script").textContent);
  if (width) layout.width = width;
  else if (!layout.width && box.parentElement.clientWidth < NARROW) makeNarrow(layout, box.clientWidth);
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // a finger scrolls the page
  const drawn = plotly().newPlot(box, data, layout, { displayModeBar: false, responsive: !layout.width });
  box.dataset.drawn = "yes";
  await drawn;
}

/** Draw each figure when it is about to come into sight, once told to start, and all of them to be printed. */
function drawFigures(boxes) {
  const draw = (box, width) =>
    drawFigure(box, width).catch((reason) => { box.textContent = `This figure could not be drawn: ${reason}`; });
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        draw(target);
      }
    },
    { rootMargin: "400px" },
  );
  const wait = () => boxes.forEach((box) => seen.observe(box));
  addEventListener("beforeprint", () => {
    seen.disconnect();
    for (const box of boxes) {
      const width = parseFloat(box.style.width) || Math.max(PAPER, parseFloat(box.style.minWidth) || 0);
      clearFigure(box);
      draw(box, width);
      box.style.zoom = Math.min(1, PAPER / width);
    }
  });
  addEventListener("afterprint", () => {
    boxes.forEach(clearFigure);
    wait();
  });
  return wait;
}

function clearFigure(box) {
  if (box.dataset.drawn) plotly().purge(box);
  delete box.dataset.drawn;
  box.style.zoom = "";
}

/** Open what is folded while the page is printed. */
function unfoldOnPaper() {
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });
}

function showBrowser(source, el) {
  const layer = source.about.layers.at(-1).name;
  const filters = { query: "", category: "", min_iou: 0 };
  const state = new LocalState({
    layer, unit: null, compare: null, threshold: null, compare_threshold: null, sort: "iou",
    height: Math.round(Math.max(560, Math.min(0.82 * window.innerHeight, 900))), ...filters,
  });
  mount({ state, source, el });
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("a[data-unit]"); // elsewhere on the page
    if (!link) return;
    const chosen = { layer: link.dataset.layer, unit: Number(link.dataset.unit), compare: null, threshold: null };
    for (const [key, value] of Object.entries({ ...filters, ...chosen })) state.set(key, value);
    state.save_changes();
  });
}

/** Done when the cards in sight are drawn and seen; soon, too, if some are not to be. */
function cardsDrawn(el) {
  return new Promise((resolve) => {
    setTimeout(resolve, 1500);
    const observer = new MutationObserver(() => {
      if (el.querySelector(".dw-card:not([data-drawn])")) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(resolve));
    });
    observer.observe(el, { attributeFilter: ["data-drawn"], subtree: true });
  });
}

const browser = document.getElementById("browser");
unfoldOnPaper(); // before figures are drawn: those that are folded have no width
const startFigures = drawFigures([...document.querySelectorAll(".plot")]);
pageSource()
  .then((source) => {
    showBrowser(source, browser);
    return cardsDrawn(browser); // the units are seen first
  })
  .catch((reason) => {
    const { element, failed } = errorLine();
    browser.append(element);
    failed(reason);
  })
  .then(() => {
    startFigures();
    setTimeout(plotly, 200); // it takes long to begin, and is needed as soon as the page is scrolled
  });
