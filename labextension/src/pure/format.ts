/** What stands where nothing is known. */
export const UNKNOWN = '–';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes in the largest binary unit that leaves at least 1, with three digits: `1.21 GiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) {
    return UNKNOWN;
  }
  const [size, unit] = inLargestUnit(bytes);
  return `${unit === 0 ? String(Math.round(size)) : threeDigits(size)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** `part` of `whole`, both in the unit of the whole: `0.9 of 4 GiB` as its three words. */
export function bytesBeside(part: number, whole: number): { part: string; whole: string } {
  const [size, unit] = inLargestUnit(whole);
  const name = BYTE_UNITS[unit] ?? '';
  return {
    part: Number.isFinite(part) ? threeDigits(part / 1024 ** unit) : UNKNOWN,
    whole: Number.isFinite(whole) ? `${threeDigits(size)} ${name}` : UNKNOWN
  };
}

function inLargestUnit(bytes: number): [number, number] {
  let size = bytes;
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return [size, unit];
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.0+$|(\.\d*[1-9])0+$/, '$1');
}

/** Seconds as a person says them: `0.4 s`, `48 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) {
    return UNKNOWN;
  }
  if (seconds < 9.95) {
    return `${threeDigits(Math.round(seconds * 10) / 10)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return joined(Math.floor(whole / 60), 'min', whole % 60, 's');
  }
  const minutes = Math.round(whole / 60);
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A whole number with thin spaces between thousands: `12 345`. */
export function formatCount(count: number): string {
  return Number.isFinite(count)
    ? String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f')
    : UNKNOWN;
}

/** A metric with four digits that tell: `0.7312`, `12.35`, `1.2e-5`. */
export function formatMetric(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) {
    return UNKNOWN;
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value.toExponential(2);
  }
  return size >= 1000 ? value.toFixed(0) : size >= 10 ? value.toFixed(2) : value.toFixed(4);
}

/** A share between 0 and 1 as whole percent: `42 %`. */
export function formatShare(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : UNKNOWN;
}

/** `part` of `whole` between 0 and 1; 0 where that says nothing. */
export function share(part: number, whole: number): number {
  const value = part / whole;
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}
