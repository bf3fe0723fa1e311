// What the ablation explorer's data.py sends; only the type checker reads this file.

/** Before and after; null where an accuracy is not defined. */
export type BeforeAfter = [number | null, number | null];

export type Mode = "remove" | "keep";

export interface Facts {
  layer: string;
  classes: string[];
  present: string[];
  units: number;
  images: number;
  strategy: string;
  /** Of the layer in the dissection; -1 if it is not dissected. */
  layer_index: number;
}

/** Units by importance, and what the class loses without each. */
export interface Ranked {
  class: string;
  units: number[];
  loss: number[];
  error: number[];
  odds: number[];
}

/** An image whose prediction has changed: its number, prediction before and after, and true class. */
export type ChangedImage = [number, string, string, string];

export interface Result {
  turn?: number;
  error?: string;
  /** Class, mode and units that were measured. */
  measured?: [string, Mode, number[]];
  class_accuracy?: BeforeAfter;
  uncertainty?: number | null;
  overall_accuracy?: BeforeAfter;
  changed_classes?: [string, number | null, number | null][];
  changed_count?: number;
  changed_images?: ChangedImage[];
}

/** Accuracy of a class along its ranking. */
export interface Curve {
  sizes: number[];
  remove: CurveValues;
  keep: CurveValues;
}

export interface CurveValues {
  class_accuracy: (number | null)[];
  overall_accuracy: number[];
}
