// Types that the pages' modules share; only the type checker reads this file.

/** What a page reads and sets: the traits of a widget, or `LocalState`. */
export interface State {
  get(name: string): any;
  set(name: string, value: any): void;
  save_changes(): void;
  on(name: string, run: (...values: any[]) => void): void;
  off(name: string, run: (...values: any[]) => void): void;
}

/** The model of a widget, as anywidget gives it. */
export interface Model extends State {
  send(content: unknown): void;
  widget_manager?: any;
}

/** What anywidget calls to show a widget; `render` may return a function that removes it. */
export interface FrontEnd {
  render(options: { model: Model; el: HTMLElement }): void | (() => void);
}

/** An answer of the kernel, with its buffers. */
export interface Answer {
  answer: any;
  buffers: DataView<ArrayBuffer>[];
}

export type Ask = (question: { kind: string; [name: string]: unknown }) => Promise<Answer>;

/** Rows, columns, top, left, vertical step and horizontal step of a map, the last four in image pixels. */
export type Grid = [number, number, number, number, number, number];

/** Height and width in pixels. */
export type Size = [number, number];

/** Name and category. */
export type Concept = [string, string];

export interface LayerFacts {
  name: string;
  units: number;
  rule: string;
  level: number;
  grid: Grid;
  exemplars: number;
}

export interface DissectionFacts {
  model: string;
  images: number;
  image_size: Size;
  categories: string[];
  concepts: Record<number, Concept>;
  layers: LayerFacts[];
}

/** Columns of a layer, a value for each unit. */
export interface Columns {
  concept: Int32Array;
  iou: Float32Array;
  threshold: Float32Array;
  lowest: Float32Array;
  highest: Float32Array;
}

export interface Exemplar {
  image: number;
  max_activation: number;
  map: Float32Array;
}

export interface UnitDetail {
  concepts: [string, string, number][];
  histogram: number[];
  binWidth: number;
  names: string[];
  exemplars: (Exemplar & { bitmap: ImageBitmap })[];
}

/** Where a page gets its units from: the kernel, or the page itself. */
export interface DataSource {
  about: DissectionFacts;
  columns: Columns[];
  exemplars(layer: number, unit: number, count: number): Promise<Exemplar[]>;
  detail(layer: number, unit: number): Promise<UnitDetail>;
  image(image: number, side: number): Promise<ImageBitmap>;
}

export interface KernelSource extends DataSource {
  ask: Ask;
  close(): void;
}

/** Shows an error below the toolbar of a widget. */
export type Fail = (reason: unknown) => void;
