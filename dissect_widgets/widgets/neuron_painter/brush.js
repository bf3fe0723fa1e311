// The picture, and the brush over it: mouse, pen, touch and arrow keys make strokes of points.

const STEP = 0.04; // of the picture's width, for an arrow key

/** Draw the path of a brush on a layer over the picture: points are shares of its width and height. */
function tracePath(context, { points, brush, color, width, height }) {
  context.lineWidth = Math.max(brush * width, 2);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = color;
  context.beginPath();
  points.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x * width, y * height));
  if (points.length === 1) context.lineTo(points[0][0] * width + 0.01, points[0][1] * height);
  context.stroke();
}

/**
 * Picture with a brush. `begin()`, `move(points, time)` and `end()` hear of strokes; `brushOf()` tells
 * { diameter, color } of the brush as it is.
 */
function paintingArea({ begin, move, end, brushOf }) {
  const picture = make("canvas", { className: "dw-picture", aria: { role: "img", label: "the generator's picture" } });
  const over = make("canvas", {
    className: "dw-over", tabIndex: 0,
    aria: { role: "application", label: "canvas; arrow keys move the brush, Enter paints a dab" },
  });
  const element = make("div", { className: "dw-canvas" }, picture, over);
  let [width, height] = [1, 1];
  let pointer = null; // where the brush is, shown as an outline
  let stroke = null; // points of the stroke that is being drawn, until its picture is there
  let drawing = false;
  let marked = null; // a stroke of the list that is pointed at

  const redraw = onceAFrame(() => {
    const context = over.getContext("2d");
    const density = over.width / width;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    const { diameter, color } = brushOf();
    context.globalAlpha = 0.35;
    if (marked) tracePath(context, { ...marked, color, width, height });
    if (stroke) tracePath(context, { points: stroke.points, brush: stroke.brush, color, width, height });
    context.globalAlpha = 1;
    if (!pointer) return;
    for (const [line, ink] of [[3, "rgba(0, 0, 0, 0.55)"], [1.5, "#fff"]]) {
      context.lineWidth = line;
      context.strokeStyle = ink;
      context.beginPath();
      context.arc(pointer[0] * width, pointer[1] * height, Math.max((diameter * width) / 2, 3), 0, 2 * Math.PI);
      context.stroke();
    }
  });

  const placeOf = (event) => {
    const box = over.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  function start(point, time) {
    begin();
    stroke = { points: [point], brush: brushOf().diameter };
    move([point], time);
  }
  over.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drawing) return;
    event.preventDefault();
    over.focus({ preventScroll: true });
    over.setPointerCapture(event.pointerId);
    drawing = true;
    pointer = placeOf(event);
    start(pointer, event.timeStamp);
    redraw();
  });
  over.addEventListener("pointermove", (event) => {
    pointer = placeOf(event);
    if (drawing && over.hasPointerCapture(event.pointerId)) {
      const passed = event.getCoalescedEvents?.() ?? [];
      const points = (passed.length ? passed : [event]).map(placeOf);
      stroke.points.push(...points);
      move(points, event.timeStamp);
    }
    redraw();
  });
  const finish = (event) => {
    if (!drawing || !over.hasPointerCapture(event.pointerId)) return;
    drawing = false;
    over.releasePointerCapture(event.pointerId);
    if (event.pointerType === "touch") pointer = null;
    end();
    redraw();
  };
  over.addEventListener("pointerup", finish);
  over.addEventListener("pointercancel", finish);
  over.addEventListener("pointerleave", () => {
    if (!drawing) pointer = null;
    redraw();
  });
  over.addEventListener("focus", () => {
    if (!drawing) pointer = pointer ?? [0.5, 0.5]; // the outline of the brush shows where the focus is
    redraw();
  });
  over.addEventListener("blur", () => {
    pointer = null;
    redraw();
  });
  over.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) {
      const inside = (value) => Math.min(Math.max(value, 0), 1);
      pointer = pointer ?? [0.5, 0.5];
      pointer = [inside(pointer[0] + STEP * step[0]), inside(pointer[1] + STEP * step[1])];
    } else if (event.key === "Enter" && pointer) {
      start(pointer, event.timeStamp);
      end();
    } else return;
    event.preventDefault();
    redraw();
  });

  return {
    element,
    /** Size of the picture on the page, in CSS pixels. */
    resize(wide, high) {
      [width, height] = [wide, high];
      const density = Math.min(window.devicePixelRatio || 1, 2);
      for (const canvas of [picture, over]) {
        [canvas.width, canvas.height] = [Math.round(wide * density), Math.round(high * density)];
      }
      element.style.setProperty("--dw-width", `${wide}px`);
      element.style.setProperty("--dw-aspect", `${wide} / ${high}`);
      redraw();
    },
    show(bitmap) {
      const context = picture.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, picture.width, picture.height);
    },
    describe(text) {
      picture.setAttribute("aria-label", text);
    },
    /** Forget the path of the stroke, once its picture is there. */
    settle() {
      if (!drawing) stroke = null;
      redraw();
    },
    mark(edit) {
      marked = edit;
      redraw();
    },
    redraw,
  };
}
