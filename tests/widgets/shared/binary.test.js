import assert from "node:assert/strict";
import { test } from "node:test";

import { asBits, decodeHalfFloats, readColumns } from "../../../dissect_widgets/widgets/shared/binary.js";

test("half-precision floats", () => {
  const bits = Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x8000, 0x03ff);
  const expected = [0, 1, -2, 0.333251953125, 65504, 2 ** -24, -0, 1023 * 2 ** -24];
  assert.deepEqual([...decodeHalfFloats(bits)], expected);
});

test("bits of a buffer that begins at an odd byte", () => {
  const bytes = Uint8Array.of(9, 0x00, 0x3c, 0x00, 0xc0);
  assert.deepEqual([...decodeHalfFloats(asBits(new DataView(bytes.buffer, 1)))], [1, -2]);
});

test("columns of layers, one after another", () => {
  const concept = Int32Array.of(7, 8, 9);
  const values = Float32Array.from({ length: 12 }, (_, i) => i / 2);
  const bytes = new Uint8Array([
    ...new Uint8Array(concept.buffer, 0, 8),
    ...new Uint8Array(values.buffer, 0, 32),
    ...new Uint8Array(concept.buffer, 8, 4),
    ...new Uint8Array(values.buffer, 32, 16),
  ]);
  const [first, second] = readColumns(bytes, [{ units: 2 }, { units: 1 }]);
  assert.deepEqual([...first.concept], [7, 8]);
  assert.deepEqual([...first.iou, ...first.threshold], [0, 0.5, 1, 1.5]);
  assert.deepEqual([...first.lowest, ...first.highest], [2, 2.5, 3, 3.5]);
  assert.deepEqual([...second.concept, ...second.iou, ...second.highest], [9, 4, 5.5]);
});
