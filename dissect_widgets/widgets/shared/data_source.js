// Units, details and images from the kernel, when they are needed.

import { asBits, decodeHalfFloats, readColumns, toBitmap } from "./binary.js";
import { openChannel } from "./kernel.js";
import { askInPieces, batched, PromiseCache } from "./promises.js";
import { withStill } from "./still.js";

/** @import { Answer, Exemplar, FrontEnd, Grid, KernelSource, Model, UnitDetail } from "./types.js" */

const REMEMBERED_DETAILS = 60;

/**
 * Exemplars of a unit, with their maps as arrays.
 * @param {{ images: number[], max_activations: number[] }} unit
 * @param {DataView} buffer
 * @param {Grid} grid
 * @returns {Exemplar[]}
 */
function readExemplars({ images, max_activations }, buffer, [rows, columns]) {
  const maps = decodeHalfFloats(asBits(buffer));
  const size = rows * columns;
  return images.map((image, i) => ({
    image,
    max_activation: max_activations[i],
    map: maps.subarray(i * size, (i + 1) * size),
  }));
}

/** @param {Answer} answer */
function readImages({ buffers }) {
  return Promise.all(buffers.map((buffer) => toBitmap(buffer)));
}

/**
 * The kernel as a source of units, details and images.
 * @param {Model} model of a widget that has the traits `_about` and `_columns`
 * @returns {KernelSource}
 */
export function kernelSource(model) {
  /** @type {import("./types.js").DissectionFacts} */
  const about = model.get("_about");
  const { ask, close } = openChannel(model);
  /** @type {PromiseCache<Exemplar[]>} */
  const units = new PromiseCache();
  /** @type {PromiseCache<UnitDetail>} */
  const details = new PromiseCache(REMEMBERED_DETAILS);
  /** @type {PromiseCache<ImageBitmap>} */
  const images = new PromiseCache();
  /** @type {Map<string, (key: number) => Promise<any>>} */
  const batches = new Map();

  /**
   * Ask for one of many things that are asked for together.
   * @param {string} name
   * @param {number} key
   * @param {(keys: number[]) => Promise<any[]>} askForSome gives the first of them, as many as an answer holds
   */
  const askInBatch = (name, key, askForSome) => {
    const batch = batches.get(name) ?? batched((keys) => askInPieces(keys, askForSome));
    batches.set(name, batch);
    return batch(key);
  };

  return {
    about,
    ask,
    close,
    columns: readColumns(model.get("_columns"), about.layers),
    exemplars: (layer, unit, count) =>
      units.get(`${layer}/${unit}/${count}`, () =>
        askInBatch(`units ${layer}/${count}`, unit, async (numbers) => {
          const { answer, buffers } = await ask({ kind: "units", layer, units: numbers, count });
          const { grid } = about.layers[layer];
          return answer.units.map((/** @type {any} */ stored, /** @type {number} */ i) =>
            readExemplars(stored, buffers[i], grid),
          );
        }),
      ),
    /** All that the detail of a unit shows, its exemplars and their images too, as a rule in one answer. */
    detail: (layer, unit) =>
      details.get(`${layer}/${unit}`, async () => {
        /** @type {UnitDetail["exemplars"]} */
        const exemplars = [];
        /** @type {string[]} */
        const names = [];
        for (;;) {
          const { answer, buffers } = await ask({ kind: "detail", layer, unit, first: exemplars.length });
          const some = readExemplars(answer, buffers[0], about.layers[layer].grid);
          const bitmaps = await readImages({ answer, buffers: buffers.slice(1) });
          exemplars.push(...some.map((entry, i) => ({ ...entry, bitmap: bitmaps[i] })));
          names.push(...answer.names);
          if (exemplars.length >= answer.total || !some.length) return { ...answer, names, exemplars };
        }
      }),
    image: (image, side) =>
      images.get(`${image}/${side}`, () =>
        askInBatch(`images ${side}`, image, async (numbers) =>
          readImages(await ask({ kind: "images", images: numbers, side })),
        ),
      ),
  };
}

/**
 * A front end whose data come from the kernel, and that leaves a still.
 * @param {(page: { model: Model, source: KernelSource, el: HTMLElement }) => () => void} mount
 *   shows the widget, and returns a function that removes it
 * @returns {FrontEnd}
 */
export function kernelWidget(mount) {
  return withStill({
    render({ model, el }) {
      const source = kernelSource(model);
      const unmount = mount({ model, source, el });
      return () => {
        unmount();
        source.close();
      };
    },
  });
}
