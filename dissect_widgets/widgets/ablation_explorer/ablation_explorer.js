// The ablation explorer: a class, its units, and what the network predicts without them or with them alone.

import { toBitmap } from "../shared/binary.js";
import { kernelWidget } from "../shared/data_source.js";
import { errorLine, make } from "../shared/dom.js";
import { askInPieces, batched, PromiseCache } from "../shared/promises.js";
import { mountRoot } from "../shared/root.js";
import { oncePerFrame, onChanges } from "../shared/traits.js";
import { accuracyCurve } from "./accuracy_curve.js";
import { accuracyTile } from "./accuracy_tile.js";
import { ChangeQueue } from "./change_queue.js";
import { changedClasses } from "./changed_classes.js";
import { changedImages } from "./changed_images.js";
import { rankedUnits } from "./ranked_units.js";
import { explorerToolbar } from "./toolbar.js";

/** @import { Ask, KernelSource, Model } from "../shared/types.js" */
/** @import { Curve, Facts, Mode, Result } from "./types.js" */

const HINT = "Click units, or drag along the curve. Every image is classified again without them.";

/** Images of the classifier, by number. @param {Ask} ask */
function imageLoader(ask) {
  /** @type {PromiseCache<ImageBitmap>} */
  const cache = new PromiseCache(600);
  const loadSome = async (/** @type {number[]} */ images) => {
    const { buffers } = await ask({ kind: "classified_images", images });
    return Promise.all(buffers.map((buffer) => toBitmap(buffer)));
  };
  const load = batched((/** @type {number[]} */ images) => askInPieces(images, loadSome));
  return (/** @type {number} */ image) => cache.get(image, () => load(image));
}

/** Curves of classes, by name. @param {Ask} ask */
function curveLoader(ask) {
  /** @type {PromiseCache<Curve>} */
  const cache = new PromiseCache(100);
  return (/** @type {string} */ name) =>
    cache.get(name, async () => {
      for (;;) {
        const { answer } = await ask({ kind: "curve", class: name });
        if (!answer.unfinished) return answer; // else the kernel does other work, and then goes on
      }
    });
}

/** What the ablation changes, drawn: tiles, curve, other classes, images. */
class Effects {
  /**
   * @param {Facts} facts
   * @param {(count: number) => void} chooseCount
   * @param {(image: number) => Promise<ImageBitmap>} loadImage
   * @param {import("../shared/types.js").Fail} fail
   */
  constructor(facts, chooseCount, loadImage, fail) {
    this.facts = facts;
    this.classTile = accuracyTile();
    this.overallTile = accuracyTile();
    this.curve = accuracyCurve({ units: facts.units, choose: chooseCount });
    this.classes = changedClasses();
    this.images = changedImages(loadImage, fail);
    this.hint = make("p", { className: "dw-hint" }, HINT);
    const legend = make(
      "div",
      { className: "dw-legend" },
      make("span", { className: "dw-key-class" }, "the class, balanced"),
      make("span", { className: "dw-key-all" }, "all classes"),
    );
    this.element = make(
      "div",
      { className: "dw-effects" },
      make("div", { className: "dw-tiles" }, this.classTile.element, this.overallTile.element),
      make(
        "div",
        { className: "dw-middle" },
        make("section", { className: "dw-chart" }, legend, this.curve.element),
        this.classes.element,
      ),
      this.images.element,
      this.hint,
    );
  }

  /** @param {string} className @param {Result} result @param {number} chosen count of chosen units */
  show(className, result, chosen) {
    const { class_accuracy, overall_accuracy, uncertainty } = result;
    if (!class_accuracy || !overall_accuracy) return;
    const title = `${className}, against all others`;
    this.classTile.show({ title, values: class_accuracy, chanceLevel: 0.5, uncertainty });
    const chanceLevel = 1 / this.facts.classes.length;
    this.overallTile.show({ title: "all classes", values: overall_accuracy, chanceLevel });
    this.classes.show(result.changed_classes ?? []);
    this.images.show(result.changed_count ?? 0, result.changed_images ?? [], this.facts.images);
    this.hint.hidden = chosen > 0;
  }
}

/** The explorer: what is chosen here runs ahead of the traits, until Python has measured it. */
class Explorer {
  /** @param {{ model: Model, source: KernelSource, el: HTMLElement }} options */
  constructor({ model, source, el }) {
    /** @type {Facts} */
    const facts = model.get("_facts");
    const { element: error, fail } = errorLine();
    const chooseCount = (/** @type {number} */ count) => this.chooseCount(count);
    const toggle = (/** @type {number} */ unit) => this.toggle(unit);
    const layer = facts.layer_index;
    this.model = model;
    this.fail = fail;
    this.error = error;
    this.queue = new ChangeQueue(model);
    this.loadCurve = curveLoader(source.ask);
    /** @type {Curve | null} */
    this.curve = null;
    this.syncChosen();
    this.bar = explorerToolbar({ facts, send: (values) => this.queue.send(values), chooseCount });
    this.list = rankedUnits({ source, layer, units: facts.units, toggle, fail });
    this.effects = new Effects(facts, chooseCount, imageLoader(source.ask), fail);
    this.root = mountRoot(
      el,
      { className: "dw-ablation-explorer" },
      this.bar.element,
      error,
      make("div", { className: "dw-body" }, this.list.element, this.effects.element),
    );
  }

  /** Take what Python says is chosen. */
  syncChosen() {
    /** @type {number[]} */
    this.units = this.model.get("units");
    /** @type {number | null} */
    this.n = this.model.get("n");
  }

  /** Choose the most important units. @param {number} count */
  chooseCount(count) {
    if (count === this.n) return;
    this.n = count;
    this.units = this.model.get("_ranked").units.slice(0, count);
    this.showChosen();
    this.queue.forget("units");
    this.queue.send({ n: count });
  }

  /** Choose a unit, or let it go. @param {number} unit */
  toggle(unit) {
    const isChosen = this.units.includes(unit);
    this.units = isChosen ? this.units.filter((chosen) => chosen !== unit) : [...this.units, unit];
    this.n = null;
    this.showChosen();
    this.queue.forget("n");
    this.queue.send({ units: this.units });
  }

  showChosen() {
    /** @type {Mode} */
    const mode = this.model.get("mode");
    const count = this.units.length;
    /** @type {Result} */
    const { class_accuracy, overall_accuracy } = this.model.get("_result");
    this.list.choose(this.units, mode);
    this.bar.showChosen(mode, this.n ?? count, count);
    this.effects.curve.show({
      curve: this.curve,
      mode,
      n: this.n,
      count,
      classAccuracy: class_accuracy?.[1],
      overallAccuracy: overall_accuracy?.[1],
    });
  }

  /** Show what Python has measured, and send what has waited for it. */
  takeResult() {
    /** @type {Result} */
    const result = this.model.get("_result");
    if (!result.class_accuracy && !result.error) return;
    if (!this.queue.answered()) this.syncChosen();
    this.showChosen();
    if (result.error) return this.fail(result.error);
    this.error.hidden = true;
    this.effects.show(this.model.get("class_name"), result, this.units.length);
    this.root.element.dataset.shown = JSON.stringify(result.measured);
  }

  /** Show another class: its ranking at once, its curve when it is measured. */
  async showClass() {
    const name = this.model.get("class_name");
    this.bar.showClass(name);
    this.list.rank(this.model.get("_ranked"));
    this.curve = null;
    this.showChosen();
    const curve = await this.loadCurve(name);
    if (name !== this.model.get("class_name")) return;
    this.curve = curve;
    this.root.element.dataset.curve = name;
    this.showChosen();
  }

  resize() {
    this.root.element.style.setProperty("--dw-height", `${this.model.get("height")}px`);
  }

  /** Follow the traits; returns a function that removes the explorer. */
  start() {
    const takeChosen = oncePerFrame(() => {
      if (this.queue.isBusy) return;
      this.syncChosen();
      this.showChosen();
    });
    const showClass = () => this.showClass().catch(this.fail);
    const stopListening = onChanges(this.model, [
      ["_result", oncePerFrame(() => this.takeResult())],
      ["_ranked", oncePerFrame(showClass)],
      ["units", takeChosen],
      ["n", takeChosen],
      ["mode", oncePerFrame(() => this.showChosen())],
      ["height", () => this.resize()],
    ]);
    this.resize();
    showClass();
    this.takeResult();
    return () => {
      stopListening();
      this.list.close();
      this.root.remove();
    };
  }
}

export default kernelWidget((page) => new Explorer(page).start());
