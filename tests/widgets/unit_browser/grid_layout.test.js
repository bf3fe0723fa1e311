import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cardsInSight,
  layOut,
  positionOf,
  scrollToCard,
  totalHeight,
} from "../../../dissect_widgets/widgets/unit_browser/grid_layout.js";

const LAYOUT = { columns: 3, width: 300, height: 90, thumb: 50, pitch: 100 };

test("as many columns as fit, and at least one", () => {
  assert.equal(layOut(309, [64, 64], true).columns, 1);
  assert.equal(layOut(620, [64, 64], true).columns, 2);
  assert.equal(layOut(120, [64, 64], true).columns, 1);
});

test("cards fill the width, with gaps between them", () => {
  for (const available of [400, 731, 1210]) {
    const { columns, width } = layOut(available, [64, 64], true);
    const used = columns * width + (columns - 1) * 10;
    assert.ok(used <= available - 20 && used > available - 20 - columns);
  }
});

test("exemplars have the proportions of images, or no room at all", () => {
  const wide = layOut(500, [50, 100], true);
  assert.equal(wide.thumb, Math.round(layOut(500, [100, 100], true).thumb / 2));
  assert.equal(layOut(500, [50, 100], false).thumb, 0);
});

test("every card in sight is among those that exist", () => {
  for (let scrollTop = 0; scrollTop < 2000; scrollTop += 37) {
    const [first, last] = cardsInSight(LAYOUT, scrollTop, 430);
    assert.equal(first % 3, 0);
    for (let place = 0; place < 90; place++) {
      const [, top] = positionOf(LAYOUT, place);
      const isSeen = top + LAYOUT.height > scrollTop && top < scrollTop + 430;
      if (isSeen) assert.ok(place >= first && place < last, `card ${place} at ${scrollTop}`);
    }
    assert.ok(last - first <= 3 * 9);
  }
});

test("positions go along rows", () => {
  assert.deepEqual(positionOf(LAYOUT, 4), [310, 100]);
  assert.equal(totalHeight(LAYOUT, 7), 310);
});

test("scrolling reveals a card, and leaves one in sight where it is", () => {
  assert.equal(scrollToCard(LAYOUT, 30, 0, 400), 710, "its lower edge");
  assert.equal(scrollToCard(LAYOUT, 3, 900, 400), 100, "its upper edge");
  assert.equal(scrollToCard(LAYOUT, 9, 250, 400), 250);
});
