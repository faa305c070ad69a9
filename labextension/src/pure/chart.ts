import type { Curve, TrainingView } from '../generated/records';
import { formatMetric } from './format';
import { isLowerBetter, keyMetric } from './runs';

/** The curves of one metric, with the value of the baseline if there is one. */
export interface ChartData {
  readonly metric: string;
  readonly curves: ReadonlyArray<Curve>;
  readonly baseline: number | null;
}

/** A line ready to draw. */
export interface Line {
  readonly split: Curve['split'];
  /** The `d` of an SVG path; gaps where a value is not finite. */
  readonly path: string;
  /** The last finite point, where the marker stands; null for an empty curve. */
  readonly end: { readonly x: number; readonly y: number; readonly value: number } | null;
}

/** A place on an axis and what is written there. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** A chart ready to draw, in pixels. */
export interface Chart {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly lines: ReadonlyArray<Line>;
  readonly baseline: number | null;
  readonly xTicks: ReadonlyArray<Tick>;
  readonly yTicks: ReadonlyArray<Tick>;
}

const MARGIN = { left: 52, right: 10, top: 8, bottom: 20 };

/** The charts of a training: the loss first, then the metric that says most. */
export function chartsOf(view: TrainingView): ReadonlyArray<ChartData> {
  const names = [...new Set(view.curves.map(curve => curve.name))];
  const others = names.filter(name => name !== 'loss' && !isLowerBetter(name));
  const rest = names.filter(name => name !== 'loss' && !others.includes(name));
  const second = keyMetric(zeros(others)) ?? keyMetric(zeros(rest));
  return [names.includes('loss') ? 'loss' : null, second]
    .filter(name => name !== null)
    .map(metric => ({
      metric,
      curves: view.curves.filter(curve => curve.name === metric),
      baseline: finite(view.baseline[metric])
    }));
}

function zeros(names: ReadonlyArray<string>): Record<string, number> {
  return Object.fromEntries(names.map(name => [name, 0]));
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** Where everything stands in a chart of this size; `epochs` is the right end of the x axis. */
export function layOut(data: ChartData, epochs: number, width: number, height: number): Chart {
  const right = Math.max(MARGIN.left + 20, width - MARGIN.right);
  const bottom = height - MARGIN.bottom;
  const values = data.curves.flatMap(curve => curve.y.filter(Number.isFinite));
  const steps = niceSteps([...values, ...(data.baseline === null ? [] : [data.baseline])]);
  const low = steps[0] ?? 0;
  const high = steps[steps.length - 1] ?? 1;
  const end = Math.max(epochs, 1, ...data.curves.flatMap(curve => curve.x));
  const x = (value: number): number => MARGIN.left + (value / end) * (right - MARGIN.left);
  const y = (value: number): number =>
    bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top);
  return {
    left: MARGIN.left,
    right,
    top: MARGIN.top,
    bottom,
    lines: data.curves.map(curve => lineOf(curve, x, y)),
    baseline: data.baseline === null ? null : round(y(data.baseline)),
    xTicks: wholeSteps(end, (right - MARGIN.left) / 36).map(value => ({
      at: round(x(value)),
      label: String(value)
    })),
    yTicks: steps.map(value => ({ at: round(y(value)), label: tickLabel(value, steps) }))
  };
}

function lineOf(curve: Curve, x: (value: number) => number, y: (value: number) => number): Line {
  let path = '';
  let isOpen = false;
  let end: Line['end'] = null;
  curve.y.forEach((value, index) => {
    const at = curve.x[index];
    if (at === undefined || !Number.isFinite(value)) {
      isOpen = false;
      return;
    }
    end = { x: round(x(at)), y: round(y(value)), value };
    path += `${isOpen ? 'L' : 'M'}${end.x} ${end.y}`;
    isOpen = true;
  });
  return { split: curve.split, path, end };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Three to six even steps of 1, 2 or 5 times a power of ten around all the values. */
export function niceSteps(values: ReadonlyArray<number>): ReadonlyArray<number> {
  const low = values.length > 0 ? Math.min(...values) : 0;
  const high = values.length > 0 ? Math.max(...values) : 1;
  const span = high - low || Math.abs(high) || 1;
  const step = niceStep(span / 4);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12))
  );
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find(candidate => candidate * power >= rough * 0.999) ?? 10;
  return factor * power;
}

/** Whole numbers from 0 to `end`, at most `room` of them. */
function wholeSteps(end: number, room: number): ReadonlyArray<number> {
  const step = Math.max(1, Math.round(niceStep(Math.max(1, end / Math.max(1, room)))));
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
}

function tickLabel(value: number, steps: ReadonlyArray<number>): string {
  const step = (steps[1] ?? 1) - (steps[0] ?? 0);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return digits <= 4 && Math.abs(value) < 1e5 ? value.toFixed(digits) : formatMetric(value);
}
