// The report: the same browser, with all its data in the page.

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

pageSource().then((source) => {
  const layer = source.about.layers.at(-1).name;
  const state = new LocalState({
    layer, unit: null, compare: null, threshold: null, compare_threshold: null,
    query: "", category: "", min_iou: 0, sort: "iou", height: Math.max(560, window.innerHeight - 80),
  });
  mount({ state, source, el: document.getElementById("browser") });
});
