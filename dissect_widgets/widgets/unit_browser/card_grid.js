// The grid of unit cards. Only cards in sight exist, so hundreds of units scroll without lag.

const STRIP = 5; // exemplars on a card
const CARD = { least: 290, gap: 10, padding: 10, head: 34 };

/** Make one card. */
function unitCard({ source, layer, unit, width, thumb, choose, failed }) {
  const columns = source.columns[layer];
  const [name, category] = source.about.concepts[columns.concept[unit]];
  const iou = columns.iou[unit];
  const color = categoryColor(category, source.about.categories);
  const label = category ? `unit ${unit}, ${name}, ${category}, IoU ${iou.toFixed(3)}` : `unit ${unit}, no concept`;
  const count = Math.min(STRIP, source.about.layers[layer].exemplars);
  const strip = count ? makeCanvas(width - 2 * CARD.padding, thumb, `exemplars of ${label}`) : null;
  const card = make(
    "div",
    {
      className: "dw-card", tabIndex: -1, title: label, data: { unit },
      aria: { role: "option", label, selected: "false" },
      on: { click: (event) => choose(unit, event.shiftKey) },
    },
    make(
      "div",
      { className: "dw-card-head" },
      make("span", { className: "dw-number" }, `${unit}`),
      make("span", { className: "dw-dot", style: { background: color } }),
      make("span", { className: "dw-name" }, category ? name : "no concept"),
      make("span", { className: "dw-category" }, category),
      make("span", { className: "dw-iou" }, iou.toFixed(3)),
    ),
    strip,
  );
  if (strip) {
    drawStrip(strip, source, layer, unit, columns.threshold[unit], count)
      .then(() => { card.dataset.drawn = "yes"; }, failed);
  }
  return card;
}

/** The grid: `show` what is to be seen, `reveal` a unit. */
function cardGrid({ source, choose, failed }) {
  const all = make("div", { className: "dw-cards-all" });
  const empty = make("p", { className: "dw-empty", hidden: true }, "No unit is like this. Search or filter for less.");
  const element = make(
    "div",
    { className: "dw-cards", tabIndex: 0, aria: { role: "listbox", label: "Units" } },
    empty, all,
  );
  const cards = new Map();
  let layer = 0;
  let order = [];
  let chosen = [];
  let shape = { columns: 1, width: CARD.least, thumb: 50, pitch: 100 };

  function measure() {
    const room = element.clientWidth - 2 * CARD.gap;
    const columns = Math.max(1, Math.floor((room + CARD.gap) / (CARD.least + CARD.gap)));
    const width = Math.floor((room - (columns - 1) * CARD.gap) / columns);
    const [high, wide] = source.about.picture;
    const side = (width - 2 * CARD.padding - (STRIP - 1) * 3) / STRIP;
    const thumb = source.about.layers[layer].exemplars ? Math.round((side * high) / wide) : 0;
    shape = { columns, width, thumb, pitch: CARD.head + thumb + CARD.padding + CARD.gap };
  }

  function fill() {
    if (!element.clientWidth) return; // not laid out yet; the observer calls again
    const { columns, width, thumb, pitch } = shape;
    all.style.height = `${Math.ceil(order.length / columns) * pitch + CARD.gap}px`;
    const first = Math.max(0, Math.floor(element.scrollTop / pitch) - 1) * columns;
    const last = Math.ceil((element.scrollTop + element.clientHeight) / pitch + 1) * columns;
    const wanted = new Set(order.slice(first, last));
    for (const [unit, card] of cards) {
      if (!wanted.has(unit)) {
        card.remove();
        cards.delete(unit);
      }
    }
    order.slice(first, last).forEach((unit, i) => {
      if (!cards.has(unit)) {
        cards.set(unit, unitCard({ source, layer, unit, width, thumb, choose, failed }));
      }
      const card = cards.get(unit);
      if (all.children[i] !== card) all.insertBefore(card, all.children[i] ?? null); // in reading order
      const place = first + i;
      card.style.width = `${width}px`;
      card.style.height = `${pitch - CARD.gap}px`;
      card.style.transform = `translate(${(place % columns) * (width + CARD.gap)}px, ${Math.floor(place / columns) * pitch}px)`;
      const at = chosen.indexOf(unit);
      card.classList.toggle("dw-chosen", at === 0);
      card.classList.toggle("dw-compared", at === 1);
      card.setAttribute("aria-selected", String(at >= 0));
    });
  }

  function redraw() {
    for (const card of cards.values()) card.remove();
    cards.clear();
    measure();
    fill();
  }

  element.addEventListener("scroll", onceAFrame(fill), { passive: true });
  let seen = 0;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth === seen) return fill();
    seen = element.clientWidth;
    redraw();
    reveal(chosen[0]);
  });
  observer.observe(element);

  function reveal(unit) {
    const place = order.indexOf(unit);
    if (place < 0) return;
    const top = Math.floor(place / shape.columns) * shape.pitch;
    if (top < element.scrollTop) element.scrollTop = top;
    const below = top + shape.pitch + CARD.gap - element.clientHeight;
    if (below > element.scrollTop) element.scrollTop = below;
  }

  return {
    element,
    show(next) {
      const other = next.layer !== layer;
      ({ layer, order, chosen } = next);
      empty.hidden = order.length > 0;
      if (other) {
        element.scrollTop = 0;
        redraw();
      } else fill();
    },
    reveal(unit) {
      reveal(unit);
      fill();
    },
    close: () => observer.disconnect(),
  };
}
