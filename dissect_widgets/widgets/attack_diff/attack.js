// An attack as numbers: the perturbation, and maps and probabilities on the way from one image to the other.

import { asBits, decodeHalfFloats } from "../shared/binary.js";

/** @import { Facts, Result } from "./types.js" */

/**
 * Value at a place of a row of values at even distances.
 * @param {number[]} values
 * @param {number} share from 0, the first, to 1, the last
 */
export function between(values, share) {
  const at = share * (values.length - 1);
  const before = Math.floor(at);
  const after = Math.min(before + 1, values.length - 1);
  return values[before] + (at - before) * (values[after] - values[before]);
}

/** A successful attack. Shares go from 0, the original, to 1, the attacked image. */
export class Attack {
  /**
   * @param {Result} result
   * @param {DataView} perturbation float16 (3, H, W)
   * @param {DataView} maps float16 (positions, units, h, w)
   * @param {Pick<Facts, "grid" | "positions">} facts
   */
  constructor(result, perturbation, maps, { grid: [rows, columns], positions }) {
    this.result = result;
    this.perturbation = decodeHalfFloats(asBits(perturbation));
    this.maps = decodeHalfFloats(asBits(maps));
    this.size = rows * columns;
    this.last = positions - 1;
    this.scale = this.largestChange() || 1;
  }

  /** @param {number} position @param {number} k number of a unit among those shown */
  mapAt(position, k) {
    const start = (position * this.result.units.length + k) * this.size;
    return this.maps.subarray(start, start + this.size);
  }

  /** Largest change of an activation from the original to the attacked image. */
  largestChange() {
    let largest = 0;
    for (let k = 0; k < this.result.units.length; k++) {
      const original = this.mapAt(0, k);
      this.mapAt(this.last, k).forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - original[i]));
      });
    }
    return largest;
  }

  /** Change of the map of a unit. @param {number} unit @param {number} share */
  changeOf(unit, share) {
    const k = this.result.units.indexOf(unit);
    const at = share * this.last;
    const position = Math.floor(at);
    const before = this.mapAt(position, k);
    const after = this.mapAt(Math.min(position + 1, this.last), k);
    return Float32Array.from(
      this.mapAt(0, k),
      (original, i) => before[i] + (at - position) * (after[i] - before[i]) - original,
    );
  }

  /** Change of the max activation of a unit. @param {number} unit @param {number} share */
  maxActivationChange(unit, share) {
    const values = this.result.max_activations[this.result.units.indexOf(unit)];
    return between(values, share) - values[0];
  }

  /** The most probable of the named classes. @param {number} share @returns {[string, number]} */
  prediction(share) {
    const probabilities = this.result.probabilities.map((values) => between(values, share));
    const best = probabilities.indexOf(Math.max(...probabilities));
    return [this.result.names[best], probabilities[best]];
  }
}
