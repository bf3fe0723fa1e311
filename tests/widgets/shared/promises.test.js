import assert from "node:assert/strict";
import { test } from "node:test";

import { askInPieces, batched, PromiseCache } from "../../../dissect_widgets/widgets/shared/promises.js";

test("keys of one moment are asked for together, and each gets its answer", async () => {
  /** @type {number[][]} */
  const asked = [];
  const ask = batched(async (/** @type {number[]} */ keys) => {
    asked.push(keys);
    return keys.map((key) => 10 * key);
  });
  assert.deepEqual(await Promise.all([ask(1), ask(2), ask(3)]), [10, 20, 30]);
  assert.equal(await ask(4), 40);
  assert.deepEqual(asked, [[1, 2, 3], [4]]);
});

test("an error is the answer to all of them, and the next are asked for again", async () => {
  let fails = true;
  const ask = batched(async (/** @type {number[]} */ keys) => {
    if (fails) throw new Error("no kernel");
    return keys;
  });
  const results = await Promise.allSettled([ask(1), ask(2)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  fails = false;
  assert.equal(await ask(3), 3);
});

test("a cache asks once, and forgets the oldest", async () => {
  /** @type {PromiseCache<string>} */
  const cache = new PromiseCache(2);
  let asked = 0;
  const get = (/** @type {string} */ key) => cache.get(key, async () => `${key}${++asked}`);
  assert.equal(await get("a"), "a1");
  assert.equal(await get("a"), "a1");
  await get("b");
  await get("c");
  assert.equal(await get("c"), "c3");
  assert.equal(await get("a"), "a4", "a was the oldest");
});

test("a cache forgets what failed", async () => {
  /** @type {PromiseCache<number>} */
  const cache = new PromiseCache();
  await assert.rejects(cache.get("a", () => Promise.reject(new Error("once"))));
  assert.equal(await cache.get("a", async () => 1), 1);
});

test("what one answer does not hold is asked for again", async () => {
  /** @type {number[][]} */
  const asked = [];
  const keys = Array.from({ length: 100 }, (_, i) => i);
  const found = await askInPieces(keys, async (some) => {
    asked.push(some);
    return some.slice(0, 30).map((key) => `${key}`);
  });
  assert.deepEqual(found, keys.map(String));
  assert.deepEqual(
    asked.map((some) => [some[0], some.length]),
    [
      [0, 64],
      [30, 64],
      [60, 40],
      [90, 10],
    ],
  );
  assert.deepEqual(await askInPieces([], () => Promise.reject(new Error("nothing to ask"))), []);
  await assert.rejects(askInPieces([1], async () => []));
});
