// An attacked picture between the original and the end, and what the network says of it.

/** Pixels of a picture, as bytes. */
async function readPixels(view) {
  const bitmap = await createImageBitmap(new Blob([view], { type: "image/png" }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** A picture with a line above and below it. */
function framed(title, className) {
  const canvas = make("canvas", { aria: { role: "img", label: title } });
  const name = make("strong", {});
  const text = make("span", { className: "dw-faint" });
  return {
    canvas,
    element: make("figure", { className: `dw-frame ${className}` }, make("h4", {}, title), canvas, make("figcaption", {}, name, text)),
    say(first, second = "") {
      name.textContent = first;
      text.textContent = second;
      canvas.setAttribute("aria-label", `${title}: ${first} ${second}`);
    },
    put(image) {
      if (canvas.width !== image.width || canvas.height !== image.height) {
        Object.assign(canvas, { width: image.width, height: image.height });
      }
      canvas.getContext("2d").putImageData(image, 0, 0);
      canvas.dataset.drawn = "yes";
    },
    /** An empty place for a picture of a size. */
    clear({ width, height }) {
      Object.assign(canvas, { width, height });
      delete canvas.dataset.drawn;
      this.say("");
    },
  };
}

/** The picture plus a share of the perturbation, which lies channel by channel. */
function perturbed({ data, width, height }, perturbation, share) {
  const image = new ImageData(width, height);
  const plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = data[4 * i + c] + 255 * share * perturbation[c * plane + i];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** The perturbation itself, so many times enlarged, around a middle gray. */
function enlarged({ width, height }, perturbation, factor) {
  const image = new ImageData(width, height);
  const plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 127.5 + 255 * factor * perturbation[c * plane + i];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Value at a place between 0 and 1 of a row of values at even places. */
function between(values, share) {
  const at = share * (values.length - 1);
  const before = Math.floor(at);
  const after = Math.min(before + 1, values.length - 1);
  return values[before] + (at - before) * (values[after] - values[before]);
}

/** Bars of what the network makes of the picture; a mark on each says what it was. */
function classBars() {
  const rows = make("ol", { className: "dw-bars" });
  let parts = [];
  return {
    element: rows,
    /** names of classes; source and target are set off from the others. */
    frame({ names, source, target }) {
      parts = names.map((name) => {
        const kind = name === source ? "dw-of-source" : name === target ? "dw-of-target" : "";
        const fill = make("span", { className: `dw-fill ${kind}` });
        const mark = make("span", { className: "dw-mark" });
        const value = make("span", { className: "dw-bar-value" });
        return { fill, mark, value, row: make("li", { title: name }, make("span", { className: `dw-name ${kind}` }, name), make("span", { className: "dw-bar-track" }, fill, mark), value) };
      });
      rows.replaceChildren(...parts.map(({ row }) => row));
    },
    show(probabilities, share) {
      parts.forEach(({ fill, mark, value, row }, i) => {
        const now = between(probabilities[i], share);
        fill.style.width = `${100 * now}%`;
        mark.style.left = `${100 * probabilities[i][0]}%`;
        value.textContent = percent(now);
        row.title = `was ${percent(probabilities[i][0])}, is ${percent(now)}`;
      });
    },
  };
}
