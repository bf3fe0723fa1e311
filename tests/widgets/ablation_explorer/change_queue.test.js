import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeQueue } from "../../../dissect_widgets/widgets/ablation_explorer/change_queue.js";
import { LocalState } from "../../../dissect_widgets/widgets/shared/local_state.js";

function queue() {
  const state = new LocalState({ n: 0, units: [], mode: "remove" });
  /** @type {unknown[]} */
  const sent = [];
  for (const name of ["n", "units", "mode"]) {
    state.on(`change:${name}`, () => sent.push([name, state.get(name)]));
  }
  return { changes: new ChangeQueue(state), sent };
}

test("the first change is sent, of those that follow the last", () => {
  const { changes, sent } = queue();
  for (const n of [1, 2, 3, 4]) changes.send({ n });
  assert.deepEqual(sent, [["n", 1]]);
  assert.ok(changes.answered());
  assert.deepEqual(sent, [
    ["n", 1],
    ["n", 4],
  ]);
  assert.ok(!changes.answered(), "nothing waits");
  assert.ok(!changes.isBusy);
});

test("what is set already is not sent, as Python would not answer", () => {
  const { changes, sent } = queue();
  changes.send({ units: [] });
  changes.send({ n: 0, mode: "remove" });
  assert.deepEqual([sent, changes.isBusy], [[], false]);
  changes.send({ n: 5 });
  changes.send({ n: 6 });
  changes.send({ n: 5 }); // there and back while Python measures
  assert.ok(changes.answered());
  assert.deepEqual([sent, changes.isBusy], [[["n", 5]], false]);
});

test("changes of several traits wait together; one can be forgotten", () => {
  const { changes, sent } = queue();
  changes.send({ n: 1 });
  changes.send({ mode: "keep" });
  changes.send({ units: [3] });
  changes.forget("units");
  changes.send({ n: 2 });
  changes.answered();
  assert.deepEqual(sent.slice(1).toSorted(), [
    ["mode", "keep"],
    ["n", 2],
  ]);
});
