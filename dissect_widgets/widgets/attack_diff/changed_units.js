// Units of an attacked picture: where their activation rises and falls, and how far their peaks move.

const UNIT_SIDE = 132;
const CHANGE_COLORS = {
  "green-red": { more: [0, 170, 80], less: [222, 45, 38] },
  "blue-orange": { more: [0, 114, 178], less: [230, 159, 0] },
};
const GREY = 0.62; // brightness of the picture under the colors

const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${short(Math.abs(value))}`;

/** Lay the colors of a change over a gray picture. */
function tint(image, change, scale, { more, less }) {
  const { data } = image;
  for (let i = 0; i < change.length; i++) {
    const at = 4 * i;
    const gray = GREY * (0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2]);
    const strength = Math.min(Math.abs(change[i]) / scale, 1) ** 0.6;
    const color = change[i] > 0 ? more : less;
    for (let c = 0; c < 3; c++) data[at + c] = gray + strength * (color[c] - gray);
  }
}

/** Cards of two groups of units. */
function changedUnits({ about, columns, place, open }) {
  const element = make("div", { className: "dw-groups" });
  let cards = [];

  function concept(unit) {
    if (place < 0) return ["", ""];
    const [name, category] = about.concepts[columns[place].concept[unit]];
    return category ? [name, category] : ["no concept", ""];
  }

  function card(unit, width, height) {
    const [name, category] = concept(unit);
    const color = category ? categoryColor(category, about.categories) : "transparent";
    const canvas = make("canvas", { width, height, aria: { role: "img", label: "" } });
    const delta = make("span", { className: "dw-delta" });
    const button = make(
      "button",
      {
        type: "button", className: "dw-unit", data: { unit }, disabled: place < 0,
        title: place < 0 ? "" : `Open unit ${unit} in the browser`, on: { click: () => open(unit) },
      },
      canvas,
      make(
        "span",
        { className: "dw-unit-head" },
        make("span", { className: "dw-dot", style: { background: color } }),
        make("span", { className: "dw-name", title: name }, name || `unit ${unit}`),
        name ? make("span", { className: "dw-category" }, `${unit}`) : null,
      ),
      make("span", { className: "dw-unit-head" }, make("span", { className: "dw-category" }, "Δ peak"), delta),
    );
    return { unit, name, canvas, delta, button };
  }

  return {
    element,
    clear() {
      cards = [];
      element.replaceChildren();
    },
    frame({ groups, source, target }, [high, wide]) {
      const width = UNIT_SIDE;
      const height = Math.round((UNIT_SIDE * high) / wide);
      cards = [];
      element.replaceChildren(
        ...groups.map(({ title, units }, k) => {
          const own = units.map((unit) => card(unit, width, height));
          cards.push(...own);
          const kind = k === 0 ? "dw-of-source" : "dw-of-target";
          return make("section", { className: "dw-group", aria: { label: title } }, make("h4", { className: kind }, title), make("div", { className: "dw-units" }, ...own.map(({ button }) => button)));
        }),
      );
    },
    choose(unit) {
      for (const { unit: own, button } of cards) button.setAttribute("aria-pressed", String(own === unit));
    },
    /** changeOf(unit) is the change of its map; deltaOf(unit) that of its peak. */
    show({ picture, changeOf, deltaOf, grid, size, scale, palette }) {
      const source = new OffscreenCanvas(picture.width, picture.height);
      source.getContext("2d").putImageData(picture, 0, 0);
      for (const { unit, name, canvas, delta } of cards) {
        const context = canvas.getContext("2d", { willReadFrequently: true });
        const { width, height } = canvas;
        context.drawImage(source, 0, 0, width, height);
        const image = context.getImageData(0, 0, width, height);
        tint(image, upsample(changeOf(unit), grid, size, width, height), scale, CHANGE_COLORS[palette]);
        context.putImageData(image, 0, 0);
        delta.textContent = signed(deltaOf(unit));
        canvas.setAttribute("aria-label", `unit ${unit}${name ? `, ${name}` : ""}: peak changes by ${delta.textContent}`);
      }
    },
  };
}

/** What the colors mean. */
function changeLegend() {
  const low = make("span", {});
  const high = make("span", {});
  const ramp = make("span", { className: "dw-ramp" });
  return {
    element: make("span", { className: "dw-legend-change", title: "Change of activation against the original picture" }, low, ramp, high),
    show(scale, palette) {
      const css = (color) => `rgb(${color.join(" ")})`;
      const { more, less } = CHANGE_COLORS[palette];
      low.textContent = `less ${signed(-scale)}`;
      high.textContent = `${signed(scale)} more`;
      ramp.style.background = `linear-gradient(90deg, ${css(less)}, #777 50%, ${css(more)})`;
    },
  };
}
