import assert from "node:assert/strict";
import { test } from "node:test";

import { LocalState } from "../../../dissect_widgets/widgets/shared/local_state.js";
import { onChanges, setTraits } from "../../../dissect_widgets/widgets/shared/traits.js";

test("changes are heard when they are saved, once, and only if there are any", () => {
  const state = new LocalState({ unit: 1, query: "" });
  /** @type {string[]} */
  const heard = [];
  const stop = onChanges(state, [
    ["unit", () => heard.push(`unit ${state.get("unit")}`)],
    ["query", () => heard.push("query")],
  ]);
  state.set("unit", 2);
  state.set("unit", 3);
  assert.deepEqual(heard, []);
  state.save_changes();
  assert.deepEqual(heard, ["unit 3"]);
  setTraits(state, { unit: 3, query: "tree" });
  assert.deepEqual(heard, ["unit 3", "query"]);
  stop();
  setTraits(state, { unit: 4 });
  assert.equal(heard.length, 2);
});
