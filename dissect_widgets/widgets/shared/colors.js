// Colors of categories: those of Okabe and Ito, which color-blind people can distinguish too.

/** @type {Record<string, string>} */
const CATEGORY_COLORS = {
  object: "#0072b2",
  part: "#d55e00",
  material: "#009e73",
  texture: "#cc79a7",
  scene: "#e69f00",
  color: "#56b4e9",
};
const OTHER_COLORS = ["#8c6d31", "#7570b3", "#666666"];

/**
 * Color of a category.
 * @param {string} category
 * @param {string[]} categories all of them, which says how many have no color of their own
 */
export function categoryColor(category, categories) {
  const others = categories.filter((name) => !(name in CATEGORY_COLORS));
  return (
    CATEGORY_COLORS[category] ?? OTHER_COLORS[others.indexOf(category) % OTHER_COLORS.length] ?? "#666666"
  );
}
