// Changes of traits, one measurement at a time: a drag leaves no backlog.

import { setTraits } from "../shared/traits.js";

/** @import { State } from "../shared/types.js" */

/** Sends changes that Python answers; while it measures, the last change waits. */
export class ChangeQueue {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
    this.isBusy = false;
    /** @type {Record<string, unknown> | null} */
    this.waiting = null;
  }

  /**
   * Set traits now, or as soon as Python has answered; later values of a trait replace earlier ones.
   * @param {Record<string, unknown>} values
   */
  send(values) {
    if (this.isBusy) {
      this.waiting = { ...this.waiting, ...values };
      return;
    }
    /** @param {string} name */
    const isSame = (name) => JSON.stringify(this.state.get(name)) === JSON.stringify(values[name]);
    if (Object.keys(values).every(isSame)) return; // Python would have nothing to measure, and not answer
    this.isBusy = true;
    setTraits(this.state, values);
  }

  /**
   * Drop what waits for a trait, because another trait says otherwise.
   * @param {string} name
   */
  forget(name) {
    if (this.waiting) delete this.waiting[name];
  }

  /** Go on after an answer; returns whether something had waited. */
  answered() {
    this.isBusy = false;
    const next = this.waiting;
    this.waiting = null;
    if (next) this.send(next);
    return next !== null;
  }
}
