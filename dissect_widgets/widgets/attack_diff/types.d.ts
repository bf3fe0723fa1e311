// What the attack diff's data.py sends; only the type checker reads this file.

import type { Grid, Size } from "../shared/types.js";

export interface Facts {
  layer: string;
  classes: string[];
  /** Of images. */
  names: string[];
  grid: Grid;
  /** Places between the original and the attacked image at which the network was read. */
  positions: number;
  /** Of the layer in the dissection; -1 if it is not dissected. */
  layer_index: number;
}

/** An image before the attack; empty until it is read. */
export interface Original {
  image: number;
  size: Size;
  class: string;
  nearest: string;
  names: string[];
  probabilities: number[][];
}

export interface UnitGroup {
  title: string;
  units: number[];
}

/** An attack; empty before one has ended. The last values are there only if it has succeeded. */
export interface Result {
  image: number;
  success: boolean;
  finished: boolean;
  broken: boolean;
  source: string;
  target: string;
  passes: number;
  seconds: number;
  l2: number;
  linf: number;
  names: string[];
  /** A row for each name, with a value for each position. */
  probabilities: number[][];
  groups: UnitGroup[];
  units: number[];
  /** A row for each unit, with a value for each position. */
  max_activations: number[][];
}
