// State that lives in the page alone, with the interface of a widget's model.

/** @import { State } from "./types.js" */

/** @implements {State} */
export class LocalState {
  /** @param {Record<string, any>} values */
  constructor(values) {
    this.values = values;
    /** @type {Map<string, (() => void)[]>} */
    this.listeners = new Map();
    /** @type {Set<string>} */
    this.changed = new Set();
  }

  /** @param {string} name */
  get(name) {
    return this.values[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    if (this.values[name] !== value) this.changed.add(name);
    this.values[name] = value;
  }

  save_changes() {
    const changed = [...this.changed];
    this.changed.clear();
    for (const name of changed) for (const run of this.listeners.get(`change:${name}`) ?? []) run();
  }

  /** @param {string} event @param {() => void} run */
  on(event, run) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), run]);
  }

  /** @param {string} event @param {() => void} run */
  off(event, run) {
    const listeners = this.listeners.get(event) ?? [];
    this.listeners.set(
      event,
      listeners.filter((listener) => listener !== run),
    );
  }
}
