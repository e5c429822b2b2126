/** The figure of the benchmark, as SVG: how much is paged, and how soon events are found. Colours are told apart by those who see few of them too (Okabe and Ito, 2008). */

import type { ByDetector } from './detectors.ts';
import { DETECTORS } from './detectors.ts';
import type { Compared } from './simulated.ts';

const NAMES: ByDetector<string> = { engine: 'Engine', raw_limits: 'Raw limits', news2: 'NEWS2, from 16 years' };
const COLOURS: ByDetector<string> = { engine: '#0072b2', raw_limits: '#d55e00', news2: '#6b6b6b' };
const SIZE = { width: 760, height: 330 } as const;
/** Panels: of bars, and of curves. */
const BARS = { left: 20, top: 66, width: 300, row: 76 } as const;
const CURVE = { left: 420, top: 62, width: 310, height: 200, until: 300 } as const;

/** Draws it. */
export function drawFigure(result: Compared): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="Helvetica, Arial, sans-serif" font-size="13" role="img">`,
    '<title>Alarm load, and how soon events are found, by detector</title>',
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="#ffffff"/>`,
    ...bars(result),
    ...curves(result),
    text({ x: BARS.left, y: SIZE.height - 12, size: 11, fill: '#555555' }, 'Simulated patients. Simulated is not clinical.'),
    '</svg>',
    '',
  ].join('\n');
}

function bars(result: Compared): string[] {
  const { left, top, width, row } = BARS;
  const most = Math.max(...DETECTORS.map((name) => result[name].paged_episodes_per_patient_day), 1);
  const lines = [
    text({ x: left, y: 24, weight: 'bold' }, 'Paged episodes per patient-day'),
    text({ x: left, y: 42, size: 11, fill: '#555555' }, 'pale: no event within 30 minutes of them'),
  ];
  for (const [i, name] of DETECTORS.entries()) {
    const { paged_episodes_per_patient_day: all, non_actionable_per_patient_day: not } = result[name];
    const y = top + i * row;
    const scale = (rate: number): number => (rate / most) * width;
    const called = scale(Math.max(0, all - not));
    lines.push(
      text({ x: left, y: y + 12 }, NAMES[name]),
      box({ x: left, y: y + 20, width: called, height: 20 }, COLOURS[name], 1),
      box({ x: left + called, y: y + 20, width: scale(not), height: 20 }, COLOURS[name], 0.35),
      text({ x: left, y: y + 55, size: 11, fill: '#555555' }, `${all.toFixed(2)}, of which ${not.toFixed(2)} non-actionable`),
    );
  }
  return lines;
}

function curves(result: Compared): string[] {
  const { left, top, width, height, until } = CURVE;
  const x = (seconds: number): number => left + (seconds / until) * width;
  const y = (share: number): number => top + (1 - share) * height;
  const lines = [
    text({ x: left, y: 24, weight: 'bold' }, 'Events found, by time since onset'),
    text({ x: left, y: 42, size: 11, fill: '#555555' }, 'of all events; an alarm that stood already counts'),
  ];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    lines.push(line([left, y(share)], [left + width, y(share)], { stroke: '#dddddd' }));
    lines.push(text({ x: left - 8, y: y(share) + 4, size: 11, anchor: 'end' }, `${share * 100} %`));
  }
  for (const seconds of [0, 60, 120, 180, 240, 300]) {
    lines.push(line([x(seconds), top + height], [x(seconds), top + height + 4], { stroke: '#333333' }));
    lines.push(text({ x: x(seconds), y: top + height + 18, size: 11, anchor: 'middle' }, `${seconds / 60} min`));
  }
  for (const [i, name] of DETECTORS.entries()) {
    const points = result[name].detected_after_s.filter(([seconds]) => seconds <= until);
    if (result[name].events === 0) continue;
    const path = points.map(([seconds, share], at) => (at === 0 ? `M${x(seconds)} ${y(share)}` : `H${x(seconds)}V${round(y(share))}`));
    lines.push(`<path d="${path.join('')}" fill="none" stroke="${COLOURS[name]}" stroke-width="2.5"/>`);
    const beside = legendAt(i);
    lines.push(line([beside.x, beside.y], [beside.x + 18, beside.y], { stroke: COLOURS[name], width: 2.5 }));
    lines.push(text({ x: beside.x + 24, y: beside.y + 4, size: 11 }, NAMES[name]));
  }
  return lines;
}

/** Beneath the curves, one after the other. */
function legendAt(place: number): { readonly x: number; readonly y: number } {
  return { x: CURVE.left + ([0, 76, 170][place] ?? 0), y: CURVE.top + CURVE.height + 42 };
}

interface Placed {
  readonly x: number;
  readonly y: number;
}

function text(
  { x, y, size, fill, anchor, weight }: Placed & { size?: number; fill?: string; anchor?: 'middle' | 'end'; weight?: 'bold' },
  said: string,
): string {
  const more = [
    size === undefined ? '' : ` font-size="${size}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
    weight === undefined ? '' : ` font-weight="${weight}"`,
  ].join('');
  return `<text x="${round(x)}" y="${round(y)}" fill="${fill ?? '#222222'}"${more}>${said}</text>`;
}

function box({ x, y, width, height }: Placed & { width: number; height: number }, fill: string, opacity: number): string {
  return `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${height}" fill="${fill}" fill-opacity="${opacity}"/>`;
}

type Point = readonly [x: number, y: number];

function line(from: Point, to: Point, { stroke, width = 1 }: { stroke: string; width?: number }): string {
  return `<line x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}" stroke="${stroke}" stroke-width="${width}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
