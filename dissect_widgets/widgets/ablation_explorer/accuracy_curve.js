// The accuracy of a class along its ranking; a drag along it chooses how many units.

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { width: 460, height: 190, left: 44, right: 12, top: 12, bottom: 36 };

function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A chart whose `show` draws it, and whose `choose` is called with a number of units. */
function curveChart({ units, choose }) {
  const { width, height, left, right, top, bottom } = PLOT;
  const x = (n) => left + Math.sqrt(n / units) * (width - left - right); // few units need room
  const y = (value) => top + (1 - value) * (height - top - bottom);
  const back = (at) => {
    const share = Math.min(Math.max((at - left) / (width - left - right), 0), 1);
    return Math.round(share * share * units);
  };
  const svg = makeSvg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: "dw-curve", role: "slider", tabindex: 0,
    "aria-label": "number of units along the ranking", "aria-valuemin": 0, "aria-valuemax": units,
  });
  const fixed = makeSvg("g");
  const lines = makeSvg("g");
  const marker = makeSvg("g");
  const text = (content, attributes) => {
    const element = makeSvg("text", attributes);
    element.textContent = content;
    return element;
  };
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    fixed.append(
      makeSvg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: value === 0.5 ? "dw-chance" : "dw-grid" }),
      text(`${100 * value} %`, { x: left - 6, y: y(value) + 4, "text-anchor": "end" }),
    );
  }
  fixed.append(text("chance", { x: width - right - 2, y: y(0.5) - 4, "text-anchor": "end", class: "dw-faint" }));
  const ticks = [0, 1, 4, 10, 25, 50, 100, 200, 400, 800].filter((n) => n === 0 || n < units * 0.8);
  for (const n of [...ticks, units]) {
    fixed.append(text(`${n}`, { x: x(n), y: height - bottom + 16, "text-anchor": "middle" }));
  }
  const title = text("", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", class: "dw-faint" });
  svg.append(fixed, lines, marker, title);

  const at = (event) => {
    const box = svg.getBoundingClientRect();
    return back(((event.clientX - box.left) / box.width) * width);
  };
  let dragging = false;
  svg.addEventListener("pointerdown", (event) => {
    dragging = true;
    svg.setPointerCapture(event.pointerId);
    choose(at(event));
  });
  svg.addEventListener("pointermove", (event) => dragging && choose(at(event)));
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, () => { dragging = false; });

  const path = (sizes, values, kind) => {
    const points = sizes.flatMap((n, i) => (values[i] === null ? [] : [`${x(n).toFixed(1)},${y(values[i]).toFixed(1)}`]));
    return makeSvg("polyline", { points: points.join(" "), class: kind });
  };
  return {
    element: svg,
    /** Lines of `curve`, of the class and over all classes, and where the network is now. */
    show({ curve, mode, n, count, own, all }) {
      title.textContent = mode === "remove" ? "most important units removed" : "most important units kept, all others removed";
      svg.setAttribute("aria-valuenow", n ?? count);
      const { own: ofClass, all: ofAll } = curve?.[mode] ?? {};
      lines.replaceChildren(
        ...(curve ? [path(curve.sizes, ofAll, "dw-line-all"), path(curve.sizes, ofClass, "dw-line-own")] : []),
      );
      const dots = [[all, "dw-dot-all"], [own, "dw-dot-own"]].filter(([value]) => typeof value === "number");
      marker.replaceChildren(
        makeSvg("line", { x1: x(count), x2: x(count), y1: top, y2: height - bottom, class: "dw-now" }),
        ...dots.map(([value, kind]) => makeSvg("circle", { cx: x(count), cy: y(value), r: 5, class: kind })),
      );
    },
  };
}
