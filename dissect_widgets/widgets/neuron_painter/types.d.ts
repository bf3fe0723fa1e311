// What the neuron painter's Python side sends; only the type checker reads this file.

import type { Size } from "../shared/types.js";

export interface Facts {
  layer: string;
  units: number;
  /** Rows and columns of the layer's map. */
  grid: Size;
  image_size: Size;
  strategy: string;
  /** How close the generator comes to the image of one's own, for people; null if there is none. */
  closeness: string | null;
}

/** A concept to paint with. */
export interface Paint {
  name: string;
  category: string;
  iou: number;
  /** Data URL, or "". */
  thumb: string;
}

/** Shares of the width and height of the image. */
export type Point = [number, number];

export type Mode = "draw" | "erase";

/** A stroke, as `Stroke.plain` gives it. */
export interface Stroke {
  mode: Mode;
  concept: string;
  units: number[];
  brush: number;
  points: Point[];
  on: boolean;
}

/** A piece of a stroke that is being drawn. */
export interface StrokePiece {
  kind: "stroke";
  first: boolean;
  last: boolean;
  points: Point[];
  /** When the pointer moved, as `performance.now()` counts. */
  time?: number;
  brush?: Record<string, unknown>;
}

/** Something else that the kernel is asked for; `then` is called with its answer. */
export interface OtherRequest {
  kind: "do" | "seed" | "switch" | "drop" | "load" | "save" | "movie";
  then?: (answer: any, buffers: BlobPart[]) => void;
  [name: string]: unknown;
}

export type PainterRequest = StrokePiece | OtherRequest;
