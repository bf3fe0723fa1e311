// Where the browser gets its data: from the kernel, when it needs them.

const REMEMBERED = 2000; // small pictures and units that are kept
const REMEMBERED_DETAILS = 60;

/** A cache of promises that forgets the oldest, and those that failed. */
class Memory {
  constructor(most = REMEMBERED) {
    this.most = most;
    this.entries = new Map();
  }
  get(key, find) {
    if (!this.entries.has(key)) {
      if (this.entries.size >= this.most) this.entries.delete(this.entries.keys().next().value);
      const entry = find();
      entry.catch(() => this.entries.delete(key));
      this.entries.set(key, entry);
    }
    return this.entries.get(key);
  }
}

/** Collect keys for a moment, ask for all of them at once, and give each its answer. */
function batched(askForAll) {
  let waiting = [];
  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) {
        setTimeout(async () => {
          const batch = waiting;
          waiting = [];
          try {
            const answers = await askForAll(batch.map((entry) => entry.key));
            batch.forEach((entry, i) => entry.resolve(answers[i]));
          } catch (error) {
            batch.forEach((entry) => entry.reject(error));
          }
        });
      }
      waiting.push({ key, resolve, reject });
    });
}

function toBitmap(jpeg) {
  return createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
}

/** Exemplars of a unit, with their maps as arrays. */
function toUnit({ images, peaks }, bits, [rows, columns]) {
  const maps = halves(bits);
  const size = rows * columns;
  return images.map((image, i) => ({ image, peak: peaks[i], map: maps.subarray(i * size, (i + 1) * size) }));
}

function asBits(view) {
  // a buffer of a message may begin at an odd byte, where no Uint16Array can
  return new Uint16Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** Columns of all layers, out of the bytes that Python wrote. */
function readColumns(view, layers) {
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  let start = 0;
  return layers.map(({ units }) => {
    const column = (Type) => new Type(bytes, (start += 4 * units) - 4 * units, units);
    return {
      concept: column(Int32Array), iou: column(Float32Array), threshold: column(Float32Array),
      lowest: column(Float32Array), highest: column(Float32Array),
    };
  });
}

/** The kernel as a source of units, details and pictures. */
function kernelSource(model) {
  const about = model.get("_about");
  const { ask, close } = asking(model);
  const units = new Memory();
  const details = new Memory(REMEMBERED_DETAILS);
  const pictures = new Memory();
  const batches = new Map();
  const batch = (name, askForAll) => {
    if (!batches.has(name)) batches.set(name, batched(askForAll));
    return batches.get(name);
  };
  return {
    about,
    ask,
    columns: readColumns(model.get("_columns"), about.layers),
    exemplars(layer, unit, count) {
      const askForAll = async (numbers) => {
        const { answer, buffers } = await ask({ kind: "units", layer, units: numbers, count });
        return answer.units.map((found, i) => toUnit(found, asBits(buffers[i]), about.layers[layer].grid));
      };
      return units.get(`${layer}/${unit}/${count}`, () => batch(`${layer}/${count}`, askForAll)(unit));
    },
    /** All that the detail of a unit shows, its exemplars and their pictures too, in one answer. */
    detail(layer, unit) {
      return details.get(`${layer}/${unit}`, async () => {
        const { answer, buffers } = await ask({ kind: "detail", layer, unit });
        const exemplars = toUnit(answer, asBits(buffers[0]), about.layers[layer].grid);
        const bitmaps = await Promise.all(buffers.slice(1).map(toBitmap));
        return { ...answer, exemplars: exemplars.map((entry, i) => ({ ...entry, bitmap: bitmaps[i] })) };
      });
    },
    picture(image, side) {
      const askForAll = async (images) => {
        const { buffers } = await ask({ kind: "pictures", images, side });
        return Promise.all(buffers.map(toBitmap));
      };
      return pictures.get(`${image}/${side}`, () => batch(`pictures ${side}`, askForAll)(image));
    },
    close,
  };
}

/** A front end over the kernel: `show` gets { model, source, el }, and returns what takes it away. */
function overKernel(show) {
  return {
    render({ model, el }) {
      const source = kernelSource(model);
      const close = show({ model, source, el });
      return () => {
        close();
        source.close();
      };
    },
  };
}
