import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { StepState } from '../generated/records';
import { stepsByKind } from '../pure/cells';
import { observedGroups, PROOF_MARKS, proofClass } from '../pure/proof';
import { observedLabel, proofSentence, proofWord } from './proof';
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

interface StepProps {
  readonly step: StepState;
  readonly trans: TranslationBundle;
}

function StepItem({ step, trans }: StepProps): JSX.Element {
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
          <span className="blase-step-more">
            <span
              className={`blase-proof-${proofClass(step.proof)}`}
              title={proofSentence(step, trans)}
            >
              <span aria-hidden="true">{PROOF_MARKS[step.proof]}</span> {proofWord(step, trans)}
            </span>
            {!step.documented && <span className="blase-undocumented">{trans.__('no docs')}</span>}
          </span>
        </summary>
        <StepDetails step={step} trans={trans} />
      </details>
    </li>
  );
}

function StepDetails({ step, trans }: StepProps): JSX.Element {
  return (
    <>
      {step.documentation.trim() === '' ? (
        <p className="blase-hint">
          {trans.__('Write a docstring in the function: purpose, units and shape.')}
        </p>
      ) : (
        <p className="blase-documentation">{step.documentation.trim()}</p>
      )}
      <Lines title={trans.__('Why it is stale')} lines={step.reasons} />
      <p className="blase-detail">{proofSentence(step, trans)}</p>
      <Lines title={trans.__('What cannot be known')} lines={step.flags} mark="⚑ " />
      {step.observed.length > 0 && (
        <dl className="blase-observed" aria-label={trans.__('What it touched when it ran')}>
          {observedGroups(step.observed).map(group => (
            <React.Fragment key={`${group.kind} ${group.mode}`}>
              <dt>{observedLabel(group, trans)}</dt>
              {group.names.map(name => (
                <dd key={name}>{name}</dd>
              ))}
            </React.Fragment>
          ))}
        </dl>
      )}
    </>
  );
}

interface LinesProps {
  readonly title: string;
  readonly lines: ReadonlyArray<string>;
  readonly mark?: string;
}

/** A titled list, one line each; nothing where there is no line. */
function Lines({ title, lines, mark = '' }: LinesProps): JSX.Element | null {
  return lines.length === 0 ? null : (
    <div className="blase-detail">
      <h5>{title}</h5>
      <ul className="blase-reasons" aria-label={title}>
        {lines.map(line => (
          <li key={line}>
            {mark}
            {line}
          </li>
        ))}
      </ul>
    </div>
  );
}
