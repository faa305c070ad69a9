import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { RunSummary } from '../generated/records';
import { formatMetric, formatSeconds } from '../pure/format';
import type { Comparison } from '../pure/runs';
import { compareRun, isUnderWay } from '../pure/runs';
import { RunStateMark } from './training';
import { levelSentence } from './words';

interface RunsProps {
  readonly runs: ReadonlyArray<RunSummary>;
  readonly trans: TranslationBundle;
}

/** All runs, newest first: state, key metric beside the baseline, verdict. */
export function Runs({ runs, trans }: RunsProps): JSX.Element {
  if (runs.length === 0) {
    return (
      <div className="blase-hint">
        <p>{trans.__('No run yet. When the steps are fresh, run in a cell:')}</p>
        <pre>%blase train</pre>
      </div>
    );
  }
  const newestFirst = [...runs].sort((one, other) => other.number - one.number);
  return (
    <ol className="blase-runs">
      {newestFirst.map(run => (
        <RunItem key={run.id} run={run} trans={trans} />
      ))}
    </ol>
  );
}

function RunItem({ run, trans }: { run: RunSummary; trans: TranslationBundle }): JSX.Element {
  const comparison = compareRun(run);
  return (
    <li className="blase-run" title={`${run.id} · ${run.created}`}>
      <span className="blase-run-number">{run.number}</span>
      <RunStateMark state={run.state} trans={trans} />
      <span className="blase-run-seconds">
        {isUnderWay(run.state) ? '' : formatSeconds(run.seconds)}
      </span>
      {comparison !== null && <Compared comparison={comparison} trans={trans} />}
      {run.verdict !== null && (
        <span
          className={`blase-verdict blase-verdict-${run.verdict.toLowerCase().replace(' ', '-')}`}
          title={levelSentence(run.verdict, trans)}
        >
          {run.verdict}
        </span>
      )}
    </li>
  );
}

interface ComparedProps {
  readonly comparison: Comparison;
  readonly trans: TranslationBundle;
}

function Compared({ comparison, trans }: ComparedProps): JSX.Element {
  const { name, value, baseline } = comparison;
  return (
    <span className="blase-compared">
      {name} <b>{formatMetric(value)}</b>
      {baseline !== null && (
        <span className={`blase-against blase-against-${comparison.is}`}>
          {against(comparison.is, formatMetric(baseline), trans)}
        </span>
      )}
    </span>
  );
}

function against(is: Comparison['is'], baseline: string, trans: TranslationBundle): string {
  switch (is) {
    case 'better':
      return trans.__('✓ better than baseline %1', baseline);
    case 'worse':
      return trans.__('✕ worse than baseline %1', baseline);
    case 'equal':
    case 'alone':
      return trans.__('= baseline %1', baseline);
  }
}
