import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { ExportJob } from '../api';
import { exportIcon } from './icons';

interface ExportingProps {
  /** The export under way or the last one. */
  readonly job: ExportJob | null;
  readonly hasRuns: boolean;
  readonly trans: TranslationBundle;
  readonly start: () => void;
}

/** The export button, how far the export is, and where its result lies. */
export function Exporting({ job, hasRuns, trans, start }: ExportingProps): JSX.Element {
  const isRunning = job?.state === 'running';
  return (
    <div className="blase-exporting">
      <button
        className="jp-mod-styled blase-button"
        disabled={isRunning || !hasRuns}
        onClick={start}
      >
        <exportIcon.react tag="span" className="blase-button-icon" />
        {trans.__('Export the latest run')}
      </button>
      {!hasRuns && (
        <p className="blase-hint">
          {trans.__('There is something to export after the first run.')}
        </p>
      )}
      <div role="status">{job !== null && <Job job={job} trans={trans} />}</div>
    </div>
  );
}

function Job({ job, trans }: { job: ExportJob; trans: TranslationBundle }): JSX.Element {
  switch (job.state) {
    case 'running':
      return (
        <p>
          <span className="blase-busy" aria-hidden="true" />
          {job.sentence === '' ? trans.__('Exporting…') : job.sentence}
        </p>
      );
    case 'done':
      return (
        <p>
          <span aria-hidden="true">✓ </span>
          {job.sentence === '' ? trans.__('Exported to') : job.sentence}
          {job.path !== null && <code className="blase-path">{job.path}</code>}
        </p>
      );
    case 'failed':
      return (
        <p className="blase-problem">
          <span aria-hidden="true">✕ </span>
          {job.sentence}
        </p>
      );
  }
}
