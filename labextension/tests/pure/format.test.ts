import {
  bytesBeside,
  formatBytes,
  formatCount,
  formatMetric,
  formatSeconds,
  formatShare,
  share,
  UNKNOWN
} from '../../src/pure/format';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1_288_490_188, '1.2 GiB'],
    [500 * 1024 ** 2, '500 MiB'],
    [NaN, UNKNOWN]
  ])('%p bytes are %p', (bytes, said) => {
    expect(formatBytes(bytes)).toBe(said);
  });

  it('stand beside each other in one unit', () => {
    expect(bytesBeside(1_288_490_188, 4 * 1024 ** 3)).toEqual({ part: '1.2', whole: '4 GiB' });
  });
});

describe('durations', () => {
  it.each([
    [0.04, '0 s'],
    [0.44, '0.4 s'],
    [9.99, '10 s'],
    [48.2, '48 s'],
    [59.7, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [3599.9, '1 h'],
    [-1, UNKNOWN],
    [Infinity, UNKNOWN]
  ])('%p seconds are %p', (seconds, said) => {
    expect(formatSeconds(seconds)).toBe(said);
  });
});

describe('numbers', () => {
  it('have spaces between thousands', () => {
    expect(formatCount(1234567)).toBe('1\u202f234\u202f567');
    expect(formatCount(999)).toBe('999');
    expect(formatCount(NaN)).toBe(UNKNOWN);
  });

  it.each([
    [0.73123, '0.7312'],
    [0, '0.0000'],
    [-12.345, '-12.35'],
    [1234.5, '1235'],
    [0.0000123, '1.23e-5'],
    [2e7, '2.00e+7'],
    [NaN, UNKNOWN],
    [undefined, UNKNOWN]
  ])('%p as a metric is %p', (value, said) => {
    expect(formatMetric(value)).toBe(said);
  });

  it('are shares of a whole', () => {
    expect(formatShare(0.424)).toBe('42 %');
    expect(formatShare(NaN)).toBe(UNKNOWN);
    expect(share(1, 4)).toBe(0.25);
    expect(share(5, 4)).toBe(1);
    expect(share(5, 0)).toBe(0);
  });
});
