import assert from "node:assert/strict";
import { test } from "node:test";

import {
  followStill,
  markAsKnown,
  withHiddenBox,
} from "../../../dissect_widgets/widgets/shared/saved_outputs.js";

const STATE = "application/vnd.jupyter.widget-state+json";
const VIEW = "application/vnd.jupyter.widget-view+json";
const full = { model_name: "AnyModel", state: { _esm: "export default {}" } };

/** A list of outputs, as JupyterLab has them. @param {any[]} outputs */
const areaOf = (outputs) => ({
  outputs,
  get length() {
    return outputs.length;
  },
  get: (/** @type {number} */ i) => outputs[i],
  set: (/** @type {number} */ i, /** @type {any} */ output) => (outputs[i] = output),
});

/** A document with a signal, and metadata. @param {any[][]} cells @param {any} metadata */
function documentOf(cells, metadata = {}) {
  /** @type {((sender: unknown, message: unknown) => void)[]} */
  const listeners = [];
  return {
    metadata,
    listeners,
    model: {
      cells: /** @type {any[]} */ ([{}, ...cells.map((outputs) => ({ outputs: areaOf(outputs) }))]),
      getMetadata: (/** @type {string} */ name) => metadata[name],
      setMetadata: (/** @type {string} */ name, /** @type {any} */ value) => (metadata[name] = value),
    },
    sessionContext: {
      iopubMessage: {
        connect: (/** @type {any} */ run) => listeners.push(run),
        disconnect: (/** @type {any} */ run) => listeners.splice(listeners.indexOf(run), 1),
      },
    },
  };
}

test("a widget has a hidden box, and those of widgets that are gone are dropped", () => {
  const first = withHiddenBox({ other: full }, new Set(["a"]), "a");
  assert.deepEqual(Object.keys(first), ["a", "other"]);
  assert.deepEqual(first.a.state, { _dom_classes: ["lm-mod-hidden"] });
  const second = withHiddenBox(JSON.parse(JSON.stringify(first)), new Set(["b"]), "b");
  assert.deepEqual(Object.keys(second).sort(), ["b", "other"]);
  assert.deepEqual(second.other, full);
  const both = withHiddenBox(first, new Set(["a", "b"]), "b");
  assert.deepEqual(Object.keys(both).sort(), ["a", "b", "other"]);
});

test("the notebook is told once, and what it knows is left as it is", () => {
  const context = documentOf([[{ data: { [VIEW]: { model_id: "a" } } }]]);
  markAsKnown(context, "a");
  assert.deepEqual(Object.keys(context.metadata.widgets[STATE].state), ["a"]);
  assert.equal(context.metadata.widgets[STATE].version_major, 2);
  const known = { widgets: { [STATE]: { state: { a: full } }, more: 1 } };
  const unchanged = documentOf([], known);
  markAsKnown(unchanged, "a");
  assert.deepEqual(unchanged.metadata.widgets[STATE].state, { a: full });
  markAsKnown(unchanged, "b");
  assert.deepEqual(unchanged.metadata.widgets.more, 1);
  assert.deepEqual(unchanged.metadata.widgets[STATE].state.a, full);
  for (const home of [undefined, {}, { model: {} }]) markAsKnown(home, "a");
});

test("updates reach their outputs, and no others", () => {
  const metadata = { dissect_widgets_still: "dw-still-a-0" };
  const mine = { metadata, data: { "text/plain": "old" } };
  const other = { metadata: { dissect_widgets_still: "dw-still-a-1" }, data: { "text/plain": "old" } };
  const context = documentOf([
    [{ data: {} }, mine],
    [{ ...mine }, other],
  ]);
  const end = followStill(context, "a");
  const send = (/** @type {string} */ name, /** @type {string} */ kind) => {
    const content = { data: { "text/plain": "new" }, metadata, transient: { display_id: name } };
    for (const run of context.listeners) run(null, { header: { msg_type: kind }, content });
  };
  const texts = () =>
    context.model.cells.flatMap(
      ({ outputs }) => outputs?.outputs.map((/** @type {any} */ one) => one.data["text/plain"]) ?? [],
    );
  send("dw-still-b-0", "update_display_data");
  send("dw-still-a-0", "display_data");
  send("other", "update_display_data");
  assert.deepEqual(texts(), [undefined, "old", "old", "old"]);
  send("dw-still-a-0", "update_display_data");
  assert.deepEqual(texts(), [undefined, "new", "new", "old"]);
  const same = context.model.cells[1].outputs?.get(1);
  send("dw-still-a-0", "update_display_data");
  assert.equal(context.model.cells[1].outputs?.get(1), same, "what is the same is not set again");
  end();
  assert.deepEqual(context.listeners, []);
  followStill(undefined, "a")();
});
