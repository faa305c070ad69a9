import { DecodeError, decodeProject, decodeTraining } from '../../src/pure/decode';
import { golden, goldenProject, goldenTraining } from '../golden';

describe('what Python sends', () => {
  it('is decoded whole', () => {
    expect(goldenProject().steps.map(step => step.state)).toEqual(['fresh', 'stale', 'fresh']);
    expect(goldenProject().training).toEqual(goldenTraining());
    expect(goldenTraining().secondsLeft).toBe(190);
  });

  it('may hold numbers that are not finite', () => {
    const auc = goldenTraining().curves.find(curve => curve.name === 'auc');
    expect(auc?.y).toEqual([0.66, NaN, 0.74]);
    const words = { ...golden('training'), waitShare: 'nan', cpuPercent: 'inf' };
    expect(decodeTraining(words).waitShare).toBeNaN();
  });

  it('keeps nothing that is not known', () => {
    expect(decodeTraining({ ...golden('training'), colour: 'red' })).toEqual(goldenTraining());
  });

  it('may leave out the training', () => {
    expect(decodeProject({ ...golden('project'), training: null }).training).toBeNull();
  });
});

describe('what is not a record', () => {
  const wrong: ReadonlyArray<readonly [string, unknown, string]> = [
    ['a word for a number', { epoch: 'two' }, 'training.epoch'],
    ['a fraction for a count', { epoch: 1.5 }, 'training.epoch'],
    ['a state that nobody knows', { state: 'dancing' }, 'training.state'],
    ['no list', { curves: 4 }, 'training.curves'],
    ['a wrong part', { curves: [{ name: 'loss' }] }, 'training.curves[0].split'],
    ['a wrong value', { metrics: { loss: true } }, 'training.metrics.loss']
  ];

  it.each(wrong)('is refused with its path: %s', (_, change, path) => {
    const value = { ...golden('training'), ...(change as object) };
    expect(() => decodeTraining(value)).toThrow(DecodeError);
    expect(() => decodeTraining(value)).toThrow(path);
  });

  it.each([null, undefined, 3, 'x', []])('is refused: %p', value => {
    expect(() => decodeProject(value)).toThrow(DecodeError);
  });
});
