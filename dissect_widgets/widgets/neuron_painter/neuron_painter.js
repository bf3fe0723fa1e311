// The painter: a palette of concepts, an image with a brush, and the strokes that were painted.

import { errorLine, make, makeButton } from "../shared/dom.js";
import { openChannel } from "../shared/kernel.js";
import { mountRoot } from "../shared/root.js";
import { withStill } from "../shared/still.js";
import { onChanges, setTraits } from "../shared/traits.js";
import { PaintingArea } from "./brush.js";
import { brushControls } from "./brush_controls.js";
import { conceptPalette } from "./concept_palette.js";
import { downloadImage, downloadJson, downloadMovie, fileButtons } from "./files.js";
import { RequestQueue } from "./request_queue.js";
import { actionOf, isTextField, resizedBrush } from "./shortcuts.js";
import { strokeList } from "./stroke_list.js";

/** @import { Ask, Model } from "../shared/types.js" */
/** @import { Facts, Mode, PainterRequest, Point } from "./types.js" */
/** @import { Action } from "./shortcuts.js" */

const BRUSH_TRAITS = ["concept", "mode", "n", "brush", "strength"];
const LARGEST_SEED = 2 ** 32 - 1;
/** @type {Record<Mode, string>} */
const INK = { draw: "#56b4e9", erase: "#d55e00" };

/**
 * Undo, redo and reset.
 * @param {(what: "undo" | "redo" | "reset") => void} act
 */
function historyButtons(act) {
  const undo = makeButton("Undo", "Undo (Ctrl+Z)", () => act("undo"));
  const redo = makeButton("Redo", "Redo (Ctrl+Shift+Z)", () => act("redo"));
  const reset = makeButton("Reset", "Remove all strokes", () => act("reset"));
  return {
    element: make("div", { className: "dw-acts" }, undo, redo, reset),
    /** @param {{ undo: boolean, redo: boolean }} can @param {number} strokes */
    show(can, strokes) {
      undo.disabled = !can.undo;
      redo.disabled = !can.redo;
      reset.disabled = !strokes;
    },
  };
}

/**
 * Below the image: which sample it is, and a button to see it without edits.
 * @param {object} options
 * @param {string | null} options.closeness how close the generator comes to the image of one's own
 * @param {(seed: number | null) => void} options.setSeed called with null for what is no seed
 * @param {() => void} options.next
 * @param {() => void} options.toImage
 * @param {(isComparing: boolean) => void} options.compare
 */
function sampleControls({ closeness, setSeed, next, toImage, compare }) {
  const seed = make("input", {
    type: "number",
    className: "dw-seed",
    min: 0,
    max: LARGEST_SEED,
    step: 1,
    aria: { label: "Seed of the sample" },
    on: { change: () => setSeed(seed.checkValidity() && seed.value !== "" ? Number(seed.value) : null) },
  });
  const hold = makeButton("Hold to show original", "Show the image without edits (B)", () => {}, {
    className: "dw-hold",
    on: { pointerdown: () => compare(true) },
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
    hold.addEventListener(name, () => compare(false));
  }
  const title = `Paint on your own image, as the generator makes it (${closeness} close)`;
  const own = makeButton("Your image", title, toImage, { className: "dw-own", hidden: closeness === null });
  return {
    element: make(
      "div",
      { className: "dw-below" },
      own,
      make("label", {}, make("span", {}, "Sample"), seed),
      makeButton("Next", "Next sample (N)", next),
      make("span", { className: "dw-spring" }),
      hold,
    ),
    /** @param {number} value @param {boolean} isOnImage */
    show(value, isOnImage) {
      seed.value = String(value);
      own.setAttribute("aria-pressed", String(isOnImage));
    },
  };
}

class NeuronPainter {
  /** @param {{ model: Model, ask: Ask, el: HTMLElement }} options */
  constructor({ model, ask, el }) {
    /** @type {Facts} */
    this.facts = model.get("_about");
    this.model = model;
    this.ask = ask;
    const { element: error, fail } = errorLine();
    this.error = error;
    this.showError = fail;
    /** What failed last, of what was done here. @type {unknown} */
    this.problem = null;
    this.queue = new RequestQueue(
      (request) => this.run(request),
      (reason) => this.fail(reason),
      () => this.showIdle(),
    );
    this.decoding = 0; // images
    this.isComparing = false;
    this.turn = 0;
    this.drawnTurn = 0;
    /** When the pointer made the last point of a stroke that has ended. @type {number | undefined} */
    this.strokeTime = undefined;
    const { facts, queue } = this;
    const set = (/** @type {string} */ name, /** @type {unknown} */ value) => this.set(name, value);
    this.controls = brushControls({ facts, state: model, set });
    this.palette = conceptPalette({
      paints: model.get("_palette"),
      choose: (name) => set("concept", name),
    });
    this.area = this.makeArea();
    this.history = historyButtons((what) => this.act(what));
    this.sample = sampleControls({
      closeness: facts.closeness,
      toImage: () => this.act("image"),
      setSeed: (seed) => (seed === null ? this.showState() : queue.add({ kind: "seed", seed })),
      next: () => this.act("next"),
      compare: (isComparing) => this.compare(isComparing),
    });
    this.strokes = strokeList({
      change: (index, on) => queue.add({ kind: "switch", index, on }),
      remove: (index) => queue.add({ kind: "drop", index }),
      mark: (stroke) => this.area.mark(stroke),
    });
    const name = () => (model.get("on_image") ? "image" : `seed${model.get("seed")}`);
    this.files = fileButtons({
      saveImage: () => downloadImage(name(), model.get("_image")),
      saveMovie: () => queue.add({ kind: "movie", then: (_, [gif]) => downloadMovie(name(), gif) }),
      saveEdits: () => queue.add({ kind: "save", then: ({ text }) => downloadJson(name(), text) }),
      loadEdits: (text, origin) => queue.add({ kind: "load", text, name: origin }),
    });
    const root = { className: "dw-neuron-painter", on: { keydown: this.onKeyDown, keyup: this.onKeyUp } };
    this.root = mountRoot(
      el,
      { ...root, isOwnKey: (/** @type {KeyboardEvent} */ event) => actionOf(event) !== null },
      this.controls.element,
      make(
        "div",
        { className: "dw-body" },
        this.palette.element,
        make("div", { className: "dw-stage" }, this.area.element, this.sample.element, error),
        make("div", { className: "dw-side" }, this.history.element, this.strokes.element, this.files),
      ),
    );
  }

  makeArea() {
    let first = false; // whether the next piece is the first of its stroke
    const readBrush = () => Object.fromEntries(BRUSH_TRAITS.map((name) => [name, this.model.get(name)]));
    return new PaintingArea({
      begin: () => {
        this.compare(false);
        first = true;
      },
      move: (/** @type {Point[]} */ points, time) => {
        const brush = first ? { brush: readBrush() } : {};
        this.queue.add({ kind: "stroke", first, last: false, points: [...points], time, ...brush });
        first = false;
      },
      end: () => this.queue.add({ kind: "stroke", first: false, last: true, points: [] }),
      brushOf: () => ({
        diameter: this.model.get("brush"),
        color: INK[/** @type {Mode} */ (this.model.get("mode"))],
      }),
    });
  }

  /** @param {unknown} reason */
  fail(reason) {
    this.problem = reason;
    this.showError(reason);
  }

  /** Ask the kernel, and show the image that it answers with. @param {PainterRequest} request */
  async run(request) {
    /** @type {Record<string, any>} */
    const { time, then, ...question } = request;
    if (question.kind === "stroke") {
      this.strokeTime = question.last ? (time ?? this.strokeTime) : undefined;
    }
    const { answer, buffers } = await this.ask({ kind: request.kind, ...question });
    if (question.kind === "stroke" && buffers?.length && !this.isComparing) {
      await this.showImage(buffers[0], time);
    }
    this.problem = null;
    this.showState();
    then?.(answer, buffers ?? []);
  }

  /** @param {"undo" | "redo" | "reset" | "next" | "image"} what */
  act(what) {
    this.queue.add({ kind: "do", what });
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    setTraits(this.model, { [name]: value });
    this.showBrush();
  }

  /** Show the image without edits, or with them. @param {boolean} isComparing */
  compare(isComparing) {
    if (this.isComparing === isComparing) return;
    this.isComparing = isComparing;
    this.root.element.classList.toggle("dw-comparing", isComparing);
    this.showImage(this.currentImage()).catch((reason) => this.fail(reason));
  }

  onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const action = isTextField(event.target) ? null : actionOf(event);
    if (!action) return;
    event.preventDefault();
    this.perform(action);
  };

  onKeyUp = (/** @type {KeyboardEvent} */ event) => {
    if (event.key.toLowerCase() === "b") this.compare(false);
  };

  /** @param {Action} action */
  perform(action) {
    if (action === "draw" || action === "erase") this.set("mode", action);
    else if (action === "smaller" || action === "larger") {
      this.set("brush", resizedBrush(this.model.get("brush"), action));
    } else if (action === "compare") this.compare(true);
    else this.act(action);
  }

  /** @returns {BlobPart} */
  currentImage() {
    return this.model.get(this.isComparing ? "_original" : "_image");
  }

  /**
   * Draw a PNG, unless a later one is drawn already.
   * @param {BlobPart} png
   * @param {number} [time] when the pointer moved
   */
  async showImage(png, time) {
    const turn = ++this.turn;
    const bitmap = await this.decode(png);
    if (turn < this.drawnTurn) return;
    this.drawnTurn = turn;
    const strokes = this.model.get("edits").length;
    const shown = this.model.get("on_image") ? "your image" : `sample ${this.model.get("seed")}`;
    this.area.show(bitmap, `${shown} with ${strokes} strokes`);
    this.root.element.dataset.turn = String(turn);
    if (time !== undefined) this.root.element.dataset.lag = (performance.now() - time).toFixed(1);
  }

  /** @param {BlobPart} png */
  async decode(png) {
    this.decoding++;
    this.showIdle();
    try {
      return await createImageBitmap(new Blob([png], { type: "image/png" }));
    } finally {
      this.decoding--;
      queueMicrotask(() => this.showIdle()); // once the image is drawn
    }
  }

  /** Say whether all that was done here is shown, for who waits for it. */
  showIdle() {
    this.root.element.dataset.idle = String(!this.queue.isBusy && !this.decoding);
  }

  /** Show the image of the traits. */
  async showCurrent() {
    const time = this.strokeTime;
    this.strokeTime = undefined;
    try {
      await this.showImage(this.currentImage(), time);
      this.area.clearStroke();
    } catch (error) {
      this.fail(error);
    }
  }

  showBrush() {
    this.palette.show(this.model.get("concept"));
    this.controls.show();
    this.area.redraw();
  }

  showState() {
    const problem = this.model.get("error") || this.problem;
    this.history.show(this.model.get("_can"), this.model.get("edits").length);
    this.sample.show(this.model.get("seed"), this.model.get("on_image"));
    if (problem) this.showError(problem);
    else this.error.hidden = true;
  }

  showEdits() {
    this.strokes.show(this.model.get("edits"));
    this.area.clearStroke();
    this.showState();
  }

  resize() {
    const [rows, columns] = this.facts.image_size;
    const size = this.model.get("size");
    this.area.resize(size, Math.round((size * rows) / columns));
    this.showCurrent();
  }

  /** Follow the traits; returns a function that removes the painter. */
  start() {
    const showState = () => this.showState();
    const stopListening = onChanges(this.model, [
      .../** @type {[string, () => void][]} */ (BRUSH_TRAITS.map((name) => [name, () => this.showBrush()])),
      ["edits", () => this.showEdits()],
      ["_can", showState],
      ["seed", showState],
      ["on_image", showState],
      ["error", showState],
      ["_image", () => this.showCurrent()],
      ["_original", () => this.isComparing && this.showCurrent()],
      ["size", () => this.resize()],
    ]);
    this.resize();
    this.showBrush();
    this.showEdits();
    return () => {
      stopListening();
      this.root.remove();
    };
  }
}

export default withStill({
  render({ model, el }) {
    const { ask, close } = openChannel(model);
    const remove = new NeuronPainter({ model, ask, el }).start();
    return () => {
      remove();
      close();
    };
  },
});
