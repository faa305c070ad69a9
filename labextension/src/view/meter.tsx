import * as React from 'react';

interface MeterProps {
  /** Between 0 and 1. */
  readonly share: number;
  readonly label: string;
  /** The value in words. */
  readonly said: string;
  readonly isProgress?: boolean;
}

/** A bar that is as full as the share; striped where it is nearly full of a limit. */
export function Meter({ share, label, said, isProgress = false }: MeterProps): JSX.Element {
  const isNearLimit = !isProgress && share >= 0.9;
  return (
    <span
      className={`blase-meter${isNearLimit ? ' blase-meter-near-limit' : ''}`}
      role={isProgress ? 'progressbar' : 'meter'}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={said}
    >
      <span className="blase-meter-fill" style={{ width: `${share * 100}%` }} />
    </span>
  );
}
