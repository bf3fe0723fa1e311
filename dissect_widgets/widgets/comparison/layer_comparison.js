// A line of text above a figure. A figure that was drawn before it was on the page has plotly's default
// width and only looks again when the window changes; so the line says that it did, when its own width does.
function render({ model, el }) {
  const line = document.createElement("em");
  line.textContent = model.get("text");
  el.append(line);
  let width = 0;
  const watch = new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return;
    width = entry.contentRect.width;
    window.dispatchEvent(new Event("resize"));
  });
  watch.observe(el);
  return () => watch.disconnect();
}

export default { render };
