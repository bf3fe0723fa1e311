// The page as a source of units, details and images: all is in it, and is unpacked when it is needed.

import { readColumns, toBitmap } from "../widgets/shared/binary.js";
import { PromiseCache } from "../widgets/shared/promises.js";

/** @import { DataSource, DissectionFacts } from "../widgets/shared/types.js" */

/**
 * A unit, as `browser_blocks` writes it: maps have 256 levels between the two values of each range.
 * @typedef {object} StoredUnit
 * @property {number[]} images
 * @property {number[]} max_activations
 * @property {[number, number][]} ranges
 * @property {number} start number of its first map
 * @property {{ concepts: [string, string, number][], histogram: number[], binWidth: number, names: string[] }} detail
 */

/** Bytes of a block. @param {string} id */
function bytesOf(id) {
  const text = atob(document.getElementById(id)?.textContent.trim() ?? "");
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function unzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** @param {string} id */
async function unzipJson(id) {
  return JSON.parse(new TextDecoder().decode(await unzip(bytesOf(id))));
}

/** @returns {Promise<DataSource>} */
export async function pageSource() {
  /** @type {DissectionFacts} */
  const about = await unzipJson("about");
  const columns = readColumns(new Uint8Array(await unzip(bytesOf("columns"))), about.layers);
  /** @type {PromiseCache<{ units: StoredUnit[], maps: Uint8Array }>} */
  const layers = new PromiseCache();
  /** @type {PromiseCache<ImageBitmap>} */
  const images = new PromiseCache();

  const open = (/** @type {number} */ layer) =>
    layers.get(layer, async () => {
      const [units, maps] = await Promise.all([unzipJson(`units-${layer}`), unzip(bytesOf(`maps-${layer}`))]);
      return { units, maps: new Uint8Array(maps) };
    });
  const image = (/** @type {number} */ number) =>
    images.get(number, () => toBitmap(bytesOf(`image-${number}`)));

  /** @param {number} layer @param {number} unit @param {number} [count] */
  const exemplars = async (layer, unit, count) => {
    const { units, maps } = await open(layer);
    const stored = units[unit];
    const [rows, width] = about.layers[layer].grid;
    const size = rows * width;
    return stored.images.slice(0, count).map((number, i) => {
      const [low, high] = stored.ranges[i];
      const levels = maps.subarray((stored.start + i) * size, (stored.start + i + 1) * size);
      const map = Float32Array.from(levels, (level) => low + (level / 255) * (high - low));
      return { image: number, max_activation: stored.max_activations[i], map };
    });
  };
  return {
    about,
    columns,
    exemplars,
    image,
    async detail(layer, unit) {
      const loaded = await exemplars(layer, unit);
      const bitmaps = await Promise.all(loaded.map((exemplar) => image(exemplar.image)));
      const { detail } = (await open(layer)).units[unit];
      return { ...detail, exemplars: loaded.map((exemplar, i) => ({ ...exemplar, bitmap: bitmaps[i] })) };
    },
  };
}
