// @ts-check
/** A small curve of the last readings. A gap in the data is a gap in the curve. */

import { drawing } from './dom.js';

const WIDTH = 120;
const HEIGHT = 30;
const MARGIN = 3;

/**
 * @param {[at: number, value: number | null][]} points oldest first
 * @param {{ label: string, span: number }} options `span`: the least height of the scale, so that noise does not look like drama
 */
export function sparkline(points, options) {
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
  const svg = drawing('svg', {
    class: 'spark',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': options.label,
  });
  if (values.length === 0) return svg;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const slack = Math.max(0, options.span - (high - low)) / 2;
  const bottom = low - slack;
  const height = high + slack - bottom || 1;
  const first = points[0]?.[0] ?? 0;
  const duration = (points.at(-1)?.[0] ?? 0) - first || 1;
  const place = (/** @type {number} */ at, /** @type {number} */ value) => {
    const x = MARGIN + ((at - first) / duration) * (WIDTH - 2 * MARGIN);
    const y = HEIGHT - MARGIN - ((value - bottom) / height) * (HEIGHT - 2 * MARGIN);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  let path = '';
  let drawn = false;
  for (const [at, value] of points) {
    if (value !== null) path += `${drawn ? 'L' : 'M'}${place(at, value)}`;
    drawn = value !== null;
  }
  svg.append(drawing('path', { d: path, 'vector-effect': 'non-scaling-stroke' }));
  // A line of no length with round ends is a dot that keeps its shape when the drawing is stretched; it also shows single points.
  let dots = '';
  points.forEach(([at, value], i) => {
    const alone = points[i - 1]?.[1] == null && points[i + 1]?.[1] == null;
    if (value !== null && (alone || i === points.length - 1)) dots += `M${place(at, value)}h0`;
  });
  svg.append(drawing('path', { class: 'dot', d: dots, 'vector-effect': 'non-scaling-stroke' }));
  return svg;
}
