// Promises that are kept, and promises that are asked for together.

const REMEMBERED = 2000;
const MOST_KEYS = 64; // that are asked for at once; the kernel takes up to 256

/**
 * A cache of promises that forgets the oldest, and those that failed.
 * @template Value
 */
export class PromiseCache {
  /** @param {number} capacity */
  constructor(capacity = REMEMBERED) {
    this.capacity = capacity;
    /** @type {Map<string | number, Promise<Value>>} */
    this.entries = new Map();
  }

  /**
   * @param {string | number} key
   * @param {() => Promise<Value>} find called where nothing is cached
   * @returns {Promise<Value>}
   */
  get(key, find) {
    const cached = this.entries.get(key);
    if (cached) return cached;
    const [oldest] = this.entries.keys();
    if (this.entries.size >= this.capacity) this.entries.delete(oldest);
    const entry = find();
    entry.catch(() => this.entries.delete(key));
    this.entries.set(key, entry);
    return entry;
  }
}

/**
 * Collect keys until the next task, ask for all of them at once, and give each its answer.
 * @template Key, Value
 * @param {(keys: Key[]) => Promise<Value[]>} askForAll
 * @returns {(key: Key) => Promise<Value>}
 */
export function batched(askForAll) {
  /** @type {{ key: Key, resolve: (value: Value) => void, reject: (reason: unknown) => void }[]} */
  let waiting = [];
  const flush = async () => {
    const batch = waiting;
    waiting = [];
    try {
      const answers = await askForAll(batch.map(({ key }) => key));
      batch.forEach(({ resolve }, i) => resolve(answers[i]));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (key) =>
    new Promise((resolve, reject) => {
      if (!waiting.length) setTimeout(flush);
      waiting.push({ key, resolve, reject });
    });
}

/**
 * Ask for many things of which one answer holds only the first, again and again until all are there.
 * @template Key, Value
 * @param {Key[]} keys
 * @param {(keys: Key[]) => Promise<Value[]>} askForSome
 * @returns {Promise<Value[]>}
 */
export async function askInPieces(keys, askForSome) {
  /** @type {Value[]} */
  const found = [];
  while (found.length < keys.length) {
    const some = await askForSome(keys.slice(found.length, found.length + MOST_KEYS));
    if (!some.length) throw new Error("An answer was empty.");
    found.push(...some);
  }
  return found;
}
