// Arrays and images out of bytes.

/**
 * The bits of half-precision floats.
 * @param {DataView} view
 */
export function asBits(view) {
  return new Uint16Array(copyOf(view));
}

/**
 * Decode half-precision floats.
 * @param {Uint16Array} bits
 */
export function decodeHalfFloats(bits) {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = bits[i] & 0x8000 ? -1 : 1;
    const exponent = (bits[i] >> 10) & 31;
    const fraction = bits[i] & 1023;
    values[i] = sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
  return values;
}

/**
 * Columns of all layers, in the order in which `UnitData.columns` writes them.
 * @param {ArrayBufferView<ArrayBufferLike>} view
 * @param {{ units: number }[]} layers
 * @returns {import("./types.js").Columns[]}
 */
export function readColumns(view, layers) {
  const bytes = copyOf(view);
  let start = 0;
  /** @param {number} units */
  const next = (units) => {
    start += 4 * units;
    return start - 4 * units;
  };
  return layers.map(({ units }) => ({
    concept: new Int32Array(bytes, next(units), units),
    iou: new Float32Array(bytes, next(units), units),
    threshold: new Float32Array(bytes, next(units), units),
    lowest: new Float32Array(bytes, next(units), units),
    highest: new Float32Array(bytes, next(units), units),
  }));
}

/**
 * Decode a JPEG.
 * @param {BlobPart} jpeg
 */
export function toBitmap(jpeg) {
  return createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
}

/**
 * The bytes of a view: a buffer of a message may begin at an odd byte, where no array of numbers can.
 * @param {ArrayBufferView<ArrayBufferLike>} view
 */
function copyOf(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
