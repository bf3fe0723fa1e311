// Requests to the kernel, one after another; pieces of a stroke that wait are joined.

/** @import { Fail } from "../shared/types.js" */
/** @import { PainterRequest, StrokePiece } from "./types.js" */

const MOST_POINTS = 1000; // of a piece, which the kernel takes

/** Whether a request goes on with a stroke. @param {PainterRequest} request @returns {request is StrokePiece} */
function isContinuation(request) {
  return request.kind === "stroke" && !request.first;
}

/** Runs one request at a time. */
export class RequestQueue {
  /**
   * @param {(request: PainterRequest) => Promise<void>} run
   * @param {Fail} fail called with what a request throws; the next one is run all the same
   * @param {() => void} changed called when the queue becomes busy or idle
   */
  constructor(run, fail, changed = () => {}) {
    this.changed = changed;
    this.run = run;
    this.fail = fail;
    this.isBusy = false;
    /** @type {PainterRequest[]} */
    this.waiting = [];
  }

  /** @param {PainterRequest} request */
  add(request) {
    const last = this.waiting.at(-1);
    const stroke = /** @type {StrokePiece | undefined} */ (last?.kind === "stroke" ? last : undefined);
    if (
      isContinuation(request) &&
      stroke &&
      !stroke.last &&
      stroke.points.length + request.points.length <= MOST_POINTS
    ) {
      stroke.points.push(...request.points);
      stroke.last = request.last;
      stroke.time = request.time ?? stroke.time;
    } else this.waiting.push(request);
    this.next();
  }

  async next() {
    if (this.isBusy) return;
    const request = this.waiting.shift();
    if (!request) return;
    this.isBusy = true;
    this.changed();
    try {
      await this.run(request);
    } catch (error) {
      this.fail(error);
    }
    this.isBusy = false;
    this.changed();
    this.next();
  }
}
