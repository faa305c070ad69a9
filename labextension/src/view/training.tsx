import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { RunState, TrainingView } from '../generated/records';
import { chartsOf } from '../pure/chart';
import {
  bytesBeside,
  formatBytes,
  formatCount,
  formatMetric,
  formatSeconds,
  formatShare,
  share
} from '../pure/format';
import type { Action } from '../pure/runs';
import { isUnderWay, progressOf } from '../pure/runs';
import { ChartView } from './chart';
import { Controls } from './controls';
import { Meter } from './meter';
import { RUN_MARKS, runStateWord } from './words';

interface TrainingProps {
  readonly view: TrainingView;
  readonly trans: TranslationBundle;
  /** Asks the training to do something; null where nobody can be asked. */
  readonly request: ((action: Action) => Promise<void>) | null;
  /** Where room is short: whether the curves and meters are folded away at first. */
  readonly isFolded?: boolean;
}

type Shown = Pick<TrainingProps, 'view' | 'trans'>;

/** A training at one moment: state, progress, curves, meters and controls. */
export function Training({ view, trans, request, isFolded }: TrainingProps): JSX.Element {
  return (
    <section className="blase-training" aria-label={trans.__('Training %1', view.number)}>
      <Head view={view} trans={trans} request={request} />
      <Advance view={view} trans={trans} />
      {isFolded === undefined ? (
        <Numbers view={view} trans={trans} />
      ) : (
        <details className="blase-step" key={`${view.run} ${isFolded}`} open={!isFolded}>
          <summary>{trans.__('Curves and meters')}</summary>
          <Numbers view={view} trans={trans} />
        </details>
      )}
    </section>
  );
}

function Numbers({ view, trans }: Shown): JSX.Element {
  return (
    <>
      <div className="blase-charts">
        {chartsOf(view).map(data => (
          <ChartView key={data.metric} data={data} epochs={view.epochs} trans={trans} />
        ))}
      </div>
      <Meters view={view} trans={trans} />
      <Metrics view={view} trans={trans} />
    </>
  );
}

/** The state of a run as a shape and a word. */
export function RunStateMark(props: { state: RunState; trans: TranslationBundle }): JSX.Element {
  const { state, trans } = props;
  return (
    <span className={`blase-state blase-state-${state}`}>
      <span aria-hidden="true">{RUN_MARKS[state]}</span> {runStateWord(state, trans)}
    </span>
  );
}

function Head({ view, trans, request }: TrainingProps): JSX.Element {
  return (
    <header className="blase-training-head">
      <RunStateMark state={view.state} trans={trans} />
      <span className="blase-training-name" title={view.model}>
        {trans.__('Run %1', view.number)} · {view.model}
      </span>
      {request !== null && <Controls state={view.state} trans={trans} request={request} />}
    </header>
  );
}

function Advance({ view, trans }: Shown): JSX.Element {
  const done = progressOf(view);
  return (
    <div className="blase-advance">
      <Meter share={done} label={trans.__('Progress')} said={formatShare(done)} isProgress />
      <div className="blase-advance-words">
        <span>{placeOf(view, trans)}</span>
        <span>{clock(view, trans)}</span>
      </div>
    </div>
  );
}

/** Where a training is while it is under way; after that, how it ended. */
function placeOf(view: TrainingView, trans: TranslationBundle): string {
  return isUnderWay(view.state) && view.batchesPerEpoch > 0
    ? trans.__(
        'Epoch %1 of %2, batch %3 of %4',
        view.epoch,
        view.epochs,
        formatCount(view.batch),
        formatCount(view.batchesPerEpoch)
      )
    : view.sentence;
}

function clock(view: TrainingView, trans: TranslationBundle): string {
  const spent = formatSeconds(view.seconds);
  return view.secondsLeft === null || view.state !== 'running'
    ? spent
    : trans.__('%1, about %2 left', spent, formatSeconds(view.secondsLeft));
}

/** Memory beside its budget where it has one. */
function Memory({ view, trans }: Shown): JSX.Element {
  if (view.memoryBudgetBytes === 0) {
    return <Measured name={trans.__('Memory')} said={formatBytes(view.memoryBytes || NaN)} />;
  }
  const { part, whole } = bytesBeside(view.memoryBytes, view.memoryBudgetBytes);
  const said = trans.__('%1 of %2', part, whole);
  return (
    <Measured name={trans.__('Memory')} said={said}>
      <Meter
        share={share(view.memoryBytes, view.memoryBudgetBytes)}
        label={trans.__('Memory against the budget')}
        said={said}
      />
    </Measured>
  );
}

function Meters({ view, trans }: Shown): JSX.Element {
  return (
    <ul className="blase-meters">
      <Memory view={view} trans={trans} />
      <Measured name={trans.__('CPU')} said={formatShare(view.cpuPercent / 100)}>
        <Meter
          share={share(view.cpuPercent, 100)}
          label={trans.__('CPU')}
          said={formatShare(view.cpuPercent / 100)}
        />
      </Measured>
      <Measured
        name={trans.__('Throughput')}
        said={trans.__('%1 rows/s', formatCount(view.rowsPerSecond))}
      />
      <Measured name={trans.__('Waiting for data')} said={formatShare(view.waitShare)} />
    </ul>
  );
}

interface MeasuredProps {
  readonly name: string;
  readonly said: string;
  readonly children?: React.ReactNode;
}

function Measured({ name, said, children }: MeasuredProps): JSX.Element {
  return (
    <li className="blase-measured">
      <span className="blase-measured-name">{name}</span>
      <span>{said}</span>
      {children}
    </li>
  );
}

function Metrics({ view, trans }: Shown): JSX.Element | null {
  const names = Object.keys(view.metrics);
  return names.length === 0 ? null : (
    <ul className="blase-metrics" aria-label={trans.__('Latest metrics')}>
      {names.map(name => (
        <li key={name}>
          <span>{name}</span> <b>{formatMetric(view.metrics[name])}</b>
        </li>
      ))}
    </ul>
  );
}
