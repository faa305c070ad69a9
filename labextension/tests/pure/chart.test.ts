import { chartsOf, layOut, niceSteps } from '../../src/pure/chart';
import { goldenTraining } from '../golden';

describe('the charts of a training', () => {
  it('are the loss and the metric that says most', () => {
    const charts = chartsOf(goldenTraining());
    expect(charts.map(chart => chart.metric)).toEqual(['loss', 'auc']);
    expect(charts.map(chart => chart.baseline)).toEqual([null, 0.68]);
  });

  it('are none before the first batch', () => {
    expect(chartsOf({ ...goldenTraining(), curves: [] })).toEqual([]);
  });
});

describe('a chart', () => {
  const [, auc] = chartsOf(goldenTraining());
  const chart = layOut(auc ?? { metric: 'auc', curves: [], baseline: null }, 5, 300, 150);

  it('breaks a line where a value is not finite', () => {
    expect(chart.lines[0]?.path.match(/M/g)).toHaveLength(2);
    expect(chart.lines[0]?.end?.value).toBe(0.74);
  });

  it('keeps all within its frame', () => {
    for (const tick of chart.yTicks) {
      expect(tick.at).toBeGreaterThanOrEqual(chart.top);
      expect(tick.at).toBeLessThanOrEqual(chart.bottom);
    }
    expect(chart.baseline).toBeGreaterThan(chart.top);
    expect(chart.xTicks.map(tick => tick.label)).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('has no line without values', () => {
    const empty = layOut(
      { metric: 'loss', curves: [{ name: 'loss', split: 'train', x: [], y: [] }], baseline: null },
      0,
      10,
      100
    );
    expect(empty.lines[0]).toEqual({ split: 'train', path: '', end: null });
    expect(empty.right).toBeGreaterThan(empty.left);
  });
});

describe('steps of an axis', () => {
  it.each([[[0.1, 0.9]], [[3]], [[0]], [[-1, 1]], [[0.1, 0.3, 0.2]], [[]]])(
    'around %p hold all values',
    (values: number[]) => {
      const steps = niceSteps(values);
      expect(steps.length).toBeGreaterThanOrEqual(2);
      expect(steps.length).toBeLessThanOrEqual(7);
      for (const value of values) {
        expect(value).toBeGreaterThanOrEqual(steps[0] ?? NaN);
        expect(value).toBeLessThanOrEqual(steps[steps.length - 1] ?? NaN);
      }
    }
  );

  it('are round numbers', () => {
    expect(niceSteps([0.1, 0.9])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it.each([1e-9, 1e-3, 7, 1e6, 1e15])('are even at every size: %p', size => {
    const steps = niceSteps([size, size * 3]);
    const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0));
    expect(Math.max(...gaps)).toBeCloseTo(Math.min(...gaps), -Math.log10(size) + 6);
  });
});
