// How an attack ended, in a sentence.

/** @import { Result } from "./types.js" */

/**
 * @param {Result} result
 * @param {boolean} isRunning
 * @returns {{ text: string, isBad: boolean }}
 */
export function verdict({ target, success, finished, broken, source, seconds, passes }, isRunning) {
  if (!target) return { text: isRunning ? "Attack under way." : "", isBad: false };
  if (success) {
    const stopped = finished ? "" : ", stopped early: the best so far";
    const text = `From ${source} to ${target}${stopped}; ${passes} passes, ${seconds.toFixed(1)} s.`;
    return { text, isBad: false };
  }
  if (broken) return { text: "The attack failed: the network's scores became non-finite.", isBad: true };
  if (finished) {
    return { text: `The attack failed: no image was found that is predicted as ${target}.`, isBad: true };
  }
  return { text: `Stopped before an image was found that is predicted as ${target}.`, isBad: true };
}
