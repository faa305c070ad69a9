import type { RunState } from '../../src/generated/records';
import { actionsOf, compareRun, isUnderWay, keyMetric, progressOf } from '../../src/pure/runs';
import { goldenProject, goldenTraining } from '../golden';

describe('a training', () => {
  const expected: ReadonlyArray<readonly [RunState, ReadonlyArray<string>]> = [
    ['running', ['pause', 'stop']],
    ['paused', ['continue', 'stop']],
    ['stopped', []],
    ['finished', []],
    ['failed', []]
  ];

  it.each(expected)('that is %p can be asked to %p', (state, actions) => {
    expect(actionsOf(state)).toEqual(actions);
    expect(isUnderWay(state)).toBe(actions.length > 0);
  });

  it('is as far as its epochs and batches', () => {
    const view = goldenTraining();
    expect(progressOf(view)).toBeCloseTo(0.284);
    expect(progressOf({ ...view, state: 'finished' })).toBe(1);
    expect(progressOf({ ...view, epochs: 0 })).toBe(0);
    expect(progressOf({ ...view, batchesPerEpoch: 0, batch: 0 })).toBeCloseTo(0.2);
    expect(progressOf({ ...view, epoch: 5, batch: 1000 })).toBe(1);
    expect(progressOf({ ...view, epoch: 0, batch: 0 })).toBe(0);
  });
});

describe('a run', () => {
  const [finished, failed] = goldenProject().runs;

  it('shows the metric that says most, beside its baseline', () => {
    expect(finished && compareRun(finished)).toEqual({
      name: 'auc',
      value: 0.7312,
      baseline: 0.7011,
      is: 'better'
    });
  });

  it('without metrics shows none', () => {
    expect(failed && compareRun(failed)).toBeNull();
  });

  it('is better with a smaller loss', () => {
    const run = finished && { ...finished, metrics: { rmse: 2 }, baseline: { rmse: 3 } };
    expect(run && compareRun(run)?.is).toBe('better');
    const worse = run && { ...run, baseline: { rmse: 1 } };
    expect(worse && compareRun(worse)?.is).toBe('worse');
    const alone = run && { ...run, baseline: {} };
    expect(alone && compareRun(alone)).toMatchObject({ baseline: null, is: 'alone' });
  });

  it('that was not evaluated shows its validation rows, not its train rows', () => {
    const run = finished && { ...finished, metrics: { auc: 0.9, val_auc: 0.7 }, baseline: {} };
    expect(run && compareRun(run)).toMatchObject({ name: 'val_auc', value: 0.7, is: 'alone' });
  });

  it('with metrics of its own shows the first of them', () => {
    expect(keyMetric({ gain: 3, lift: 4 })).toBe('gain');
    expect(keyMetric({ gain: NaN })).toBeNull();
  });
});
