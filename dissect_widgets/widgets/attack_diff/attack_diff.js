// The attack diff: choose an image and a class, attack, and move between the original and the attacked image.
// All that is seen follows from the traits, so it survives a reload.

import { kernelWidget } from "../shared/data_source.js";
import { errorLine, make, plainText } from "../shared/dom.js";
import { formatNumber, formatPercent } from "../shared/format.js";
import { mountRoot } from "../shared/root.js";
import { oncePerFrame, onChanges, setTraits } from "../shared/traits.js";
import { Attack } from "./attack.js";
import { changedUnits, changeLegend } from "./changed_units.js";
import { classBars } from "./class_bars.js";
import { enlarged, imageFrame, perturbed, readPixels } from "./frames.js";
import { attackToolbar } from "./toolbar.js";
import { unitShelf } from "./unit_shelf.js";
import { verdict } from "./verdict.js";

/** @import { KernelSource, Model } from "../shared/types.js" */
/** @import { Facts, Original, Result } from "./types.js" */

const HINT = "Choose the class that the image is to be predicted as, and attack it.";

/**
 * A slider of a trait.
 * @param {Model} model
 * @param {"position" | "times"} name of the trait
 * @param {{ min: number, max: number, step: number, label: string }} range
 * @param {(value: number) => number} toTrait
 * @param {(value: number) => number} toSlider
 */
function traitSlider(model, name, { label, ...range }, toTrait, toSlider) {
  const save = oncePerFrame(() => model.save_changes());
  const input = make("input", {
    type: "range",
    className: `dw-slider dw-${name}`,
    ...range,
    aria: { label },
    on: {
      input: () => {
        model.set(name, toTrait(Number(input.value))); // "change:name" draws at once
        save();
      },
    },
  });
  return { input, show: () => (input.value = String(toSlider(model.get(name)))) };
}

/** Original, attacked image, difference and predictions, side by side. @param {Model} model */
function attackFrames(model) {
  const times = traitSlider(
    model,
    "times",
    { min: 0, max: 3, step: 0.02, label: "Enlargement of the difference" },
    (value) => Math.round(10 ** value),
    Math.log10,
  );
  const timesText = make("output", { className: "dw-value" });
  const timesRow = make("label", { className: "dw-times" }, times.input, timesText);
  const original = imageFrame("Original", "dw-frame-original");
  const attacked = imageFrame("Attacked", "dw-frame-attacked");
  const difference = imageFrame("Difference", "dw-frame-difference", timesRow);
  const bars = classBars();
  const outcome = make("p", { className: "dw-verdict", aria: { live: "polite" } });
  return {
    bars,
    outcome,
    element: make(
      "div",
      { className: "dw-frames" },
      original.element,
      attacked.element,
      difference.element,
      make("section", { className: "dw-predictions" }, make("h4", {}, "Predicted as"), bars.element, outcome),
    ),
    /** @param {ImageData} pixels @param {Original} facts */
    showOriginal(pixels, facts) {
      times.show();
      timesText.textContent = `× ${model.get("times")}`;
      original.show(pixels);
      original.setCaption(facts.class, formatPercent(facts.probabilities[0][0]));
    },
    /** Show no attack. @param {ImageData} pixels @param {Original} facts */
    clearAttack(pixels, facts) {
      timesRow.hidden = true;
      attacked.clear(pixels);
      difference.clear(pixels);
      bars.show(facts.probabilities, 0);
    },
    /** @param {ImageData} pixels of the original @param {ImageData} moved @param {Attack} attack @param {number} share */
    showAttack(pixels, moved, attack, share) {
      const [name, probability] = attack.prediction(share);
      const { l2, linf, probabilities } = attack.result;
      timesRow.hidden = false;
      attacked.show(moved);
      attacked.setCaption(name, formatPercent(probability));
      difference.show(enlarged(pixels, attack.perturbation, share * model.get("times")));
      const largest = `at most ${formatNumber(255 * share * linf)} of 255`;
      difference.setCaption(`L2 ${formatNumber(share * l2)}`, largest);
      bars.show(probabilities, share);
    },
  };
}

/** The widget: `read` decodes the traits, `draw` shows them. */
class AttackDiff {
  /** @param {{ model: Model, source: KernelSource, el: HTMLElement }} options */
  constructor({ model, source, el }) {
    /** @type {Facts} */
    this.facts = model.get("_facts");
    this.model = model;
    const { element: error, fail } = errorLine();
    this.error = error;
    this.fail = fail;
    const { layer, layer_index } = this.facts;
    this.bar = attackToolbar({
      facts: this.facts,
      set: (values) => setTraits(model, values),
      start: () => source.ask({ kind: "start" }).catch(fail),
      stop: () => source.ask({ kind: "stop" }).catch(fail),
    });
    this.frames = attackFrames(model);
    this.position = traitSlider(
      model,
      "position",
      { min: 0, max: 1, step: 0.01, label: "From the original to the attacked image" },
      (value) => value,
      (value) => value,
    );
    this.slider = make(
      "label",
      { className: "dw-position-row" },
      make("span", {}, "Original"),
      this.position.input,
      make("span", {}, "Attacked"),
    );
    this.hint = make("p", { className: "dw-hint" }, HINT);
    this.units = changedUnits({
      about: source.about,
      columns: source.columns,
      layer: layer_index,
      open: (unit) => setTraits(model, { unit }),
    });
    this.legend = changeLegend();
    const head = make(
      "div",
      { className: "dw-inside-head" },
      make("h3", {}, `Units of ${layer}`),
      this.legend.element,
    );
    this.inside = make("div", { className: "dw-inside" }, head, this.units.element);
    this.shelf = unitShelf({ model, source, layer });
    const body = make(
      "div",
      { className: "dw-attack-body" },
      this.frames.element,
      this.slider,
      this.hint,
      this.inside,
    );
    this.root = mountRoot(
      el,
      { className: "dw-attack-diff" },
      this.bar.element,
      error,
      body,
      this.shelf.element,
    );

    /** @type {ImageData | null} */
    this.pixels = null;
    /** @type {Attack | null} */
    this.attack = null;
    this.turn = 0;
    this.draw = oncePerFrame(() => this.drawNow());
  }

  /** Decode the image and the attack on it, and show them. */
  async read() {
    const turn = ++this.turn;
    this.showState();
    /** @type {Original} */
    const original = this.model.get("_original");
    if (!original.size) return;
    const pixels = await readPixels(this.model.get("_image"));
    if (turn !== this.turn) return;
    this.pixels = pixels;
    this.attack = this.readAttack(original);
    if (this.attack) {
      const { result } = this.attack;
      this.frames.bars.setClasses(result);
      this.units.setGroups(result.groups, original.size);
      this.units.choose(this.model.get("unit"));
    } else {
      this.frames.bars.setClasses({ names: original.names, source: original.class });
      this.units.clear();
    }
    this.draw();
  }

  /** The attack on an image, if it has succeeded. @param {Original} original */
  readAttack(original) {
    /** @type {Result} */
    const result = this.model.get("_result");
    if (result.image !== original.image || !result.success) return null;
    return new Attack(result, this.model.get("_perturbation"), this.model.get("_maps"), this.facts);
  }

  /** Draw all that depends on the position and the colors. */
  drawNow() {
    const { attack, model, pixels } = this;
    if (!pixels) return;
    /** @type {Original} */
    const original = model.get("_original");
    const share = model.get("position");
    this.position.show();
    this.frames.showOriginal(pixels, original);
    this.slider.hidden = this.inside.hidden = !attack;
    this.root.element.dataset.shown = attack ? `${attack.result.image}/${attack.result.target}` : "";
    this.root.element.dataset.position = share;
    if (!attack) return this.frames.clearAttack(pixels, original);
    const palette = model.get("palette");
    const moved = perturbed(pixels, attack.perturbation, share);
    this.frames.showAttack(pixels, moved, attack, share);
    this.legend.show(attack.scale, palette);
    this.units.show({
      image: moved,
      changeOf: (unit) => attack.changeOf(unit, share),
      deltaOf: (unit) => attack.maxActivationChange(unit, share),
      grid: this.facts.grid,
      size: original.size,
      scale: attack.scale,
      palette,
    });
  }

  /** Show what is chosen, and how far the attack is or how it ended. */
  showState() {
    const { model } = this;
    const isRunning = model.get("running");
    this.bar.show({
      number: model.get("image"),
      chosen: model.get("target"),
      original: model.get("_original"),
      isRunning,
      progress: model.get("progress"),
      colors: model.get("palette"),
    });
    const { text, isBad } = verdict(model.get("_result"), isRunning);
    this.frames.outcome.textContent = plainText(text);
    this.frames.outcome.classList.toggle("dw-worse", isBad);
    this.hint.hidden = isRunning || Boolean(model.get("_result").target);
    this.root.element.dataset.running = isRunning;
    this.error.textContent = plainText(model.get("error"));
    this.error.hidden = !model.get("error");
  }

  showUnit() {
    this.shelf.show();
    this.units.choose(this.model.get("unit"));
  }

  /** Follow the traits; returns a function that removes the widget. */
  start() {
    const read = oncePerFrame(() => this.read().catch(this.fail));
    const showState = oncePerFrame(() => this.showState());
    /** @param {string[]} names @param {() => void} run @returns {[string, () => void][]} */
    const each = (names, run) => names.map((name) => [name, run]);
    const stopListening = onChanges(this.model, [
      ...each(["_original", "_image", "_result", "_maps"], read),
      ...each(["position", "times", "palette"], this.draw),
      ...each(["image", "target", "running", "progress", "palette", "error"], showState),
      ["unit", () => this.showUnit()],
    ]);
    read();
    this.showUnit();
    return () => {
      stopListening();
      this.shelf.close();
      this.root.remove();
    };
  }
}

export default kernelWidget((page) => new AttackDiff(page).start());
