// Questions to the kernel, and its answers.

/**
 * Open a channel to the kernel: `ask` sends a question, and resolves with its answer.
 * @param {import("./types.js").Model} model
 * @returns {{ ask: import("./types.js").Ask, close: () => void }}
 */
export function openChannel(model) {
  const view = Math.random().toString(36).slice(2); // all views of a model hear all answers
  /** @type {Map<string, { resolve: (answer: import("./types.js").Answer) => void, reject: Fail }>} */
  const waiting = new Map();
  let asked = 0;

  /** @param {any} answer @param {DataView<ArrayBuffer>[]} buffers */
  const receive = (answer, buffers) => {
    const entry = waiting.get(answer.id);
    if (!entry) return;
    waiting.delete(answer.id);
    if (answer.error) entry.reject(new Error(answer.error));
    else entry.resolve({ answer, buffers });
  };
  model.on("msg:custom", receive);

  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        const id = `${view}-${asked++}`;
        waiting.set(id, { resolve, reject });
        model.send({ id, ...question });
      }),
    close: () => model.off("msg:custom", receive),
  };
}

/** @typedef {import("./types.js").Fail} Fail */
