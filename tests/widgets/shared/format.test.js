import assert from "node:assert/strict";
import { test } from "node:test";

import { categoryColor } from "../../../dissect_widgets/widgets/shared/colors.js";
import { formatNumber, formatPercent, formatSigned } from "../../../dissect_widgets/widgets/shared/format.js";

test("numbers in few characters", () => {
  const numbers = [0, 0.00004, 0.0456, 1.234, -12.34, 123.4, 12345];
  assert.deepEqual(numbers.map(formatNumber), ["0", "4.0e-5", "0.046", "1.23", "-12.3", "123", "1.2e+4"]);
  assert.deepEqual([0.5, -0.5, 0].map(formatSigned), ["+0.500", "−0.500", "±0"]);
  assert.deepEqual([0.1234, 1, null, undefined].map(formatPercent), ["12.3 %", "100.0 %", "–", "–"]);
});

test("known categories have colors of their own, others share a few", () => {
  const categories = ["object", "weather", "mood"];
  const colors = categories.map((category) => categoryColor(category, categories));
  assert.equal(new Set(colors).size, 3);
  assert.match(categoryColor("", categories), /^#/);
});
