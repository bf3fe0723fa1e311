// The notebook around a widget, where JupyterLab and Notebook 7 let a widget reach it.

/** Metadata of an output by which it is known as part of a still. */
const MARK = "dissect_widgets_still";
const STATE = "application/vnd.jupyter.widget-state+json";
const VIEW = "application/vnd.jupyter.widget-view+json";
const HIDDEN = { _dom_classes: ["lm-mod-hidden"] };
const HIDDEN_BOX = {
  model_name: "BoxModel",
  model_module: "@jupyter-widgets/controls",
  model_module_version: "2.0.0",
  state: HIDDEN,
};

/** @param {any} one @param {any} other data or metadata of an output */
function isSame(one, other) {
  const inOrder = (/** @type {any} */ value) => JSON.stringify(Object.entries(value).sort());
  return inOrder(one) === inOrder(other);
}

/**
 * All outputs of a notebook, each with the area that it is in and its place there.
 * @param {any} notebook model of a notebook
 */
function* outputsOf(notebook) {
  for (const cell of notebook?.cells ?? []) {
    for (let i = 0; i < (cell.outputs?.length ?? 0); i++) {
      yield { area: cell.outputs, place: i, output: cell.outputs.get(i) };
    }
  }
}

/**
 * Saved states of widgets, with a hidden box for one that is not among them, and without the boxes of widgets
 * that are no longer shown.
 * @param {Record<string, any>} states
 * @param {Set<string>} shown model ids
 * @param {string} key model id
 */
export function withHiddenBox(states, shown, key) {
  const isHiddenBox = (/** @type {any} */ { state }) => JSON.stringify(state) === JSON.stringify(HIDDEN);
  const kept = Object.entries(states).filter(([id, state]) => shown.has(id) || !isHiddenBox(state));
  return { [key]: HIDDEN_BOX, ...Object.fromEntries(kept) };
}

/**
 * Tell the notebook of a widget, so that in place of "model not found" nothing is shown below the still.
 *
 * A reopened notebook looks for widgets that its kernel does not know in the states that are saved with it.
 * @param {any} context of the document
 * @param {string} key model id
 */
export function markAsKnown(context, key) {
  const notebook = context?.model;
  if (!notebook?.getMetadata || !notebook.setMetadata) return;
  const saved = notebook.getMetadata("widgets") ?? {};
  const states = saved[STATE]?.state ?? {};
  if (key in states) return;
  const views = [...outputsOf(notebook)].map(({ output }) => output.data?.[VIEW]?.model_id);
  const state = withHiddenBox(states, new Set(views), key);
  notebook.setMetadata("widgets", {
    ...saved,
    [STATE]: { version_major: 2, version_minor: 0, ...saved[STATE], state },
  });
}

/**
 * Keep the still in the notebook up to date; returns a function that ends this.
 *
 * A page that was reloaded no longer knows which outputs the kernel's updates are for.
 * @param {any} context of the document
 * @param {string} key model id
 */
export function followStill(context, key) {
  const messages = context?.sessionContext?.iopubMessage;
  if (!messages) return () => {};
  /** @param {unknown} _sender @param {any} message */
  const update = (_sender, { header, content }) => {
    const name = content.transient?.display_id;
    if (header.msg_type !== "update_display_data" || !name?.startsWith(`dw-still-${key}-`)) return;
    for (const { area, place, output } of outputsOf(context.model)) {
      if (output.metadata?.[MARK] !== name) continue;
      const { data, metadata } = content;
      if (isSame(output.data, data) && isSame(output.metadata, metadata)) continue;
      area.set(place, { output_type: "display_data", data, metadata });
    }
  };
  messages.connect(update);
  return () => messages.disconnect(update);
}
