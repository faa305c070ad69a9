import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { StepState } from '../generated/records';
import { stepsByKind } from '../pure/cells';
import { kindHeading, STEP_MARKS, stepStateWord } from './words';

interface StepsProps {
  readonly steps: ReadonlyArray<StepState>;
  readonly trans: TranslationBundle;
}

/** All steps by kind; one opens to its documentation and to why it is stale. */
export function Steps({ steps, trans }: StepsProps): JSX.Element {
  if (steps.length === 0) {
    return (
      <div className="blase-hint">
        <p>{trans.__('Mark a cell with %%blase_feature (or another kind) and run it:')}</p>
        <pre>{'%%blase_feature\ndef hour(chunk):\n    return chunk["time"].dt.hour'}</pre>
      </div>
    );
  }
  return (
    <>
      {stepsByKind(steps).map(([kind, found]) => (
        <div key={kind} className="blase-kind">
          <h4>{kindHeading(kind, trans)}</h4>
          <ul>
            {found.map(step => (
              <StepItem key={step.name} step={step} trans={trans} />
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

function StepItem({ step, trans }: { step: StepState; trans: TranslationBundle }): JSX.Element {
  return (
    <li>
      <details className="blase-step">
        <summary>
          <span className={`blase-state blase-state-${step.state}`}>
            <span aria-hidden="true">{STEP_MARKS[step.state]}</span>{' '}
            {stepStateWord(step.state, trans)}
          </span>
          <span className="blase-step-name" title={`${step.name}@${step.version}`}>
            {step.name}
            <span className="blase-version">@{step.version}</span>
          </span>
          {!step.documented && <span className="blase-undocumented">{trans.__('no docs')}</span>}
        </summary>
        {step.reasons.length > 0 && (
          <ul className="blase-reasons" aria-label={trans.__('Why')}>
            {step.reasons.map(reason => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
        {step.documentation.trim() === '' ? (
          <p className="blase-hint">
            {trans.__('Write a docstring in the function: purpose, units and shape.')}
          </p>
        ) : (
          <p className="blase-documentation">{step.documentation.trim()}</p>
        )}
      </details>
    </li>
  );
}
