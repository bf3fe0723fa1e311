// Where the cards of a grid lie, and which of them are in sight.

export const STRIP = 5; // exemplars on a card
export const PADDING = 10; // left and right of them, in pixels
const GAP = 10; // between cards
const LEAST_WIDTH = 290;
const HEAD = 34; // height of the line above the exemplars
const STRIP_GAP = 3;

/**
 * @typedef {object} GridLayout
 * @property {number} columns
 * @property {number} width of a card
 * @property {number} height of a card
 * @property {number} thumb height of the exemplars
 * @property {number} pitch from one row to the next
 */

/**
 * Layout of cards in a width.
 * @param {number} available width in pixels, with the gaps at both sides
 * @param {[number, number]} size of images
 * @param {boolean} withExemplars
 * @returns {GridLayout}
 */
export function layOut(available, [imageHeight, imageWidth], withExemplars) {
  const room = available - 2 * GAP;
  const columns = Math.max(1, Math.floor((room + GAP) / (LEAST_WIDTH + GAP)));
  const width = Math.floor((room - (columns - 1) * GAP) / columns);
  const side = (width - 2 * PADDING - (STRIP - 1) * STRIP_GAP) / STRIP;
  const thumb = withExemplars ? Math.round((side * imageHeight) / imageWidth) : 0;
  const pitch = HEAD + thumb + PADDING + GAP;
  return { columns, width, height: pitch - GAP, thumb, pitch };
}

/**
 * Height of all cards.
 * @param {GridLayout} layout
 * @param {number} count
 */
export function totalHeight({ columns, pitch }, count) {
  return Math.ceil(count / columns) * pitch + GAP;
}

/**
 * First card in sight, and the one after the last, with a row to spare on either side.
 * @param {GridLayout} layout
 * @param {number} scrollTop
 * @param {number} height
 * @returns {[number, number]}
 */
export function cardsInSight({ columns, pitch }, scrollTop, height) {
  const first = Math.max(0, Math.floor(scrollTop / pitch) - 1) * columns;
  return [first, Math.ceil((scrollTop + height) / pitch + 1) * columns];
}

/**
 * Left and top of a card.
 * @param {GridLayout} layout
 * @param {number} place
 * @returns {[number, number]}
 */
export function positionOf({ columns, width, pitch }, place) {
  return [(place % columns) * (width + GAP), Math.floor(place / columns) * pitch];
}

/**
 * How far to scroll so that a card is in sight; as it is, if it is already.
 * @param {GridLayout} layout
 * @param {number} place
 * @param {number} scrollTop
 * @param {number} height
 */
export function scrollToCard({ columns, pitch }, place, scrollTop, height) {
  const top = Math.floor(place / columns) * pitch;
  return Math.max(Math.min(scrollTop, top), top + pitch + GAP - height);
}
