// Questions to the kernel, each with its answer.

/** Ask the kernel: `ask(question)` gives a promise of { answer, buffers }. */
function asking(model) {
  const view = Math.random().toString(36).slice(2); // several views of one model hear the same answers
  const waiting = new Map();
  let asked = 0;
  const receive = (answer, buffers) => {
    const entry = waiting.get(answer.id);
    if (!entry) return;
    waiting.delete(answer.id);
    if (answer.error) entry.reject(new Error(answer.error));
    else entry.resolve({ answer, buffers });
  };
  model.on("msg:custom", receive);
  const ask = (question) =>
    new Promise((resolve, reject) => {
      const id = `${view}-${asked++}`;
      waiting.set(id, { resolve, reject });
      model.send({ id, ...question });
    });
  return { ask, close: () => model.off("msg:custom", receive) };
}
