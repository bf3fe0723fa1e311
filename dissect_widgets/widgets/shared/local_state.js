// State that lives in the page alone.

/** State like a widget's, without a kernel. */
class LocalState {
  constructor(values) {
    this.values = values;
    this.handlers = new Map();
    this.changed = new Set();
  }
  get(key) {
    return this.values[key];
  }
  set(key, value) {
    if (this.values[key] !== value) this.changed.add(key);
    this.values[key] = value;
  }
  save_changes() {
    const changed = [...this.changed];
    this.changed.clear();
    for (const key of changed) for (const run of this.handlers.get(`change:${key}`) ?? []) run();
  }
  on(name, run) {
    this.handlers.set(name, [...(this.handlers.get(name) ?? []), run]);
  }
  off(name, run) {
    this.handlers.set(name, (this.handlers.get(name) ?? []).filter((other) => other !== run));
  }
}
