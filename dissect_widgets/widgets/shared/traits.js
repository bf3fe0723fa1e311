// Traits of a widget, and what follows from them.

/**
 * Run functions when traits change; returns a function that ends this.
 * @param {import("./types.js").State} state
 * @param {[string, () => void][]} pairs of a trait's name and what to run
 */
export function onChanges(state, pairs) {
  const listeners = pairs.map(([name, run]) => ({ event: `change:${name}`, run: () => run() }));
  for (const { event, run } of listeners) state.on(event, run);
  return () => {
    for (const { event, run } of listeners) state.off(event, run);
  };
}

/**
 * Set traits, and send them.
 * @param {import("./types.js").State} state
 * @param {Record<string, unknown>} values
 */
export function setTraits(state, values) {
  for (const [name, value] of Object.entries(values)) state.set(name, value);
  state.save_changes();
}

/**
 * Call a function at most once a frame, with the last arguments.
 * @template {unknown[]} Values
 * @param {(...values: Values) => void} run
 * @returns {(...values: Values) => void}
 */
export function oncePerFrame(run) {
  /** @type {Values | null} */
  let waiting = null;
  return (...values) => {
    if (waiting === null) {
      requestAnimationFrame(() => {
        const last = /** @type {Values} */ (waiting);
        waiting = null;
        run(...last);
      });
    }
    waiting = values;
  };
}
