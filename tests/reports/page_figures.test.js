import assert from "node:assert/strict";
import { test } from "node:test";

import { brokenLines, makeNarrow } from "../../dissect_widgets/reports/page_figures.js";

test("a text is broken into lines that fit", () => {
  assert.equal(brokenLines("units of the layer that match", 80), "units of<br>the layer<br>that match");
  assert.equal(brokenLines("short", 800), "short");
  assert.equal(brokenLines("first<br>second line", 800), "first<br>second line");
});

test("no word is lost, whatever the width", () => {
  const text = "balanced accuracy of the class without its most important units";
  for (const width of [1, 60, 100, 333]) {
    assert.equal(brokenLines(text, width).replaceAll("<br>", " ").trim(), text);
  }
});

test("on a phone the legend is above, and the axis' name broken", () => {
  const layout = { legend: { bgcolor: "#fff" }, xaxis: { title: { text: "units that are removed" } } };
  makeNarrow(layout, 100);
  assert.deepEqual(layout.legend, {
    bgcolor: "#fff",
    orientation: "h",
    x: 0,
    xanchor: "left",
    y: 1.02,
    yanchor: "bottom",
  });
  assert.equal(layout.xaxis.title.text, "units that<br>are removed");
});
