import type { RunState, RunSummary, TrainingView } from '../generated/records';

/** What a person can ask of a training. */
export type Action = 'pause' | 'continue' | 'stop';

/** What can be asked of a training in this state. */
export function actionsOf(state: RunState): ReadonlyArray<Action> {
  switch (state) {
    case 'running':
      return ['pause', 'stop'];
    case 'paused':
      return ['continue', 'stop'];
    case 'stopped':
    case 'finished':
    case 'failed':
      return [];
  }
}

/** Whether a training in this state can still change. */
export function isUnderWay(state: RunState): boolean {
  return actionsOf(state).length > 0;
}

/** The metrics that say most, best first. */
const TELLING = ['auc', 'accuracy', 'r2', 'rmse', 'mae', 'log_loss', 'loss'];

/** The metric to show where there is room for one; null if there is none. */
export function keyMetric(values: Readonly<Record<string, number>>): string | null {
  const names = Object.keys(values).filter(name => Number.isFinite(values[name]));
  return TELLING.find(name => names.includes(name)) ?? names[0] ?? null;
}

const VALIDATION = 'val_';

/** Whether a smaller value of the metric is the better one. */
export function isLowerBetter(name: string): boolean {
  return /loss|error|rmse|mse|mae|brier|logcosh|divergence/i.test(name);
}

/** One value beside its baseline. */
export interface Comparison {
  readonly name: string;
  readonly value: number;
  readonly baseline: number | null;
  readonly is: 'better' | 'worse' | 'equal' | 'alone';
}

/** The run's key metric beside the baseline's; null for a run without metrics. */
export function compareRun(run: RunSummary): Comparison | null {
  const both = Object.fromEntries(
    Object.entries(run.metrics).filter(([name]) => Number.isFinite(run.baseline[name]))
  );
  const name = keyMetric(both) ?? validationMetric(run.metrics) ?? keyMetric(run.metrics);
  const value = name === null ? undefined : run.metrics[name];
  return name === null || value === undefined
    ? null
    : { name, value, ...against(name, value, run.baseline[name]) };
}

/** Of a run that was not evaluated, what its validation rows say: train rows flatter. */
function validationMetric(values: Readonly<Record<string, number>>): string | null {
  const validated = Object.entries(values).filter(([name]) => name.startsWith(VALIDATION));
  const name = keyMetric(
    Object.fromEntries(validated.map(([each, value]) => [each.slice(VALIDATION.length), value]))
  );
  return name === null ? null : VALIDATION + name;
}

function against(
  name: string,
  value: number,
  baseline: number | undefined
): Pick<Comparison, 'baseline' | 'is'> {
  if (baseline === undefined || !Number.isFinite(baseline)) {
    return { baseline: null, is: 'alone' };
  }
  if (value === baseline) {
    return { baseline, is: 'equal' };
  }
  return { baseline, is: value < baseline === isLowerBetter(name) ? 'better' : 'worse' };
}

/** How much of a training is done, between 0 and 1; its epochs count from 1. */
export function progressOf(view: TrainingView): number {
  if (view.state === 'finished') {
    return 1;
  }
  const inEpoch = view.batchesPerEpoch > 0 ? view.batch / view.batchesPerEpoch : 0;
  const done = view.epoch - 1 + Math.min(1, inEpoch);
  return view.epochs > 0 ? Math.min(1, Math.max(0, done / view.epochs)) : 0;
}
