import assert from "node:assert/strict";
import { test } from "node:test";

import { RequestQueue } from "../../../dissect_widgets/widgets/neuron_painter/request_queue.js";

/** @import { PainterRequest, Point } from "../../../dissect_widgets/widgets/neuron_painter/types.js" */

/** A queue whose requests end one by one, when `answer` is called. */
function slowQueue() {
  /** @type {PainterRequest[]} */
  const started = [];
  /** @type {unknown[]} */
  const failed = [];
  /** @type {(error?: Error) => void} */
  let settle = () => {};
  const queue = new RequestQueue(
    (request) =>
      new Promise((resolve, reject) => {
        started.push(structuredClone(request));
        settle = (error) => (error ? reject(error) : resolve());
      }),
    (reason) => failed.push(reason),
  );
  const answer = async (/** @type {Error | undefined} */ error = undefined) => {
    settle(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, started, failed, answer };
}

/** @param {Point[]} points @param {{ first?: boolean, last?: boolean, time?: number }} options @returns {PainterRequest} */
function piece(points, { first = false, last = false, time } = {}) {
  return { kind: "stroke", first, last, points, ...(time === undefined ? {} : { time }) };
}

test("one request at a time, in order", async () => {
  const { queue, started, answer } = slowQueue();
  queue.add({ kind: "do", what: "undo" });
  queue.add({ kind: "seed", seed: 3 });
  assert.deepEqual(
    started.map(({ kind }) => kind),
    ["do"],
  );
  await answer();
  assert.deepEqual(
    started.map(({ kind }) => kind),
    ["do", "seed"],
  );
});

test("pieces of a stroke that wait are joined", async () => {
  const { queue, started, answer } = slowQueue();
  queue.add(piece([[0, 0]], { first: true, time: 1 }));
  queue.add(piece([[1, 0]], { time: 2 }));
  queue.add(
    piece(
      [
        [2, 0],
        [3, 0],
      ],
      { time: 3 },
    ),
  );
  queue.add(piece([], { last: true }));
  await answer();
  assert.equal(started.length, 2);
  assert.deepEqual(
    started[1],
    piece(
      [
        [1, 0],
        [2, 0],
        [3, 0],
      ],
      { last: true, time: 3 },
    ),
  );
});

test("strokes are not joined with one another, nor across something else", async () => {
  const { queue, started, answer } = slowQueue();
  queue.add({ kind: "do", what: "redo" });
  queue.add(piece([[0, 0]], { first: true }));
  queue.add(piece([], { last: true }));
  queue.add(piece([[5, 5]], { first: true }));
  queue.add({ kind: "do", what: "undo" });
  queue.add(piece([], { last: true }));
  for (let i = 0; i < 5; i++) await answer();
  assert.deepEqual(
    started.map((request) => [request.kind, "points" in request ? request.points : null]),
    [
      ["do", null],
      ["stroke", [[0, 0]]],
      ["stroke", [[5, 5]]],
      ["do", null],
      ["stroke", []],
    ],
  );
  assert.equal(started[1].last, true);
});

test("what fails is reported, and the next is run", async () => {
  const { queue, started, failed, answer } = slowQueue();
  queue.add({ kind: "load", text: "{}" });
  queue.add({ kind: "save" });
  await answer(new Error("holds no edits"));
  assert.deepEqual(failed.map(String), ["Error: holds no edits"]);
  assert.equal(started.length, 2);
});
