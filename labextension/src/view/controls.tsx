import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import { pauseIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { RunState } from '../generated/records';
import { reasonOf } from '../api';
import type { Action } from '../pure/runs';
import { actionsOf } from '../pure/runs';
import { actionWord } from './words';

const ICONS: Readonly<Record<Action, LabIcon>> = {
  pause: pauseIcon,
  continue: runIcon,
  stop: stopIcon
};

interface ControlsProps {
  readonly state: RunState;
  readonly trans: TranslationBundle;
  readonly request: (action: Action) => Promise<void>;
}

/** The buttons that fit the state; a training obeys at the end of a batch. */
export function Controls({ state, trans, request }: ControlsProps): JSX.Element | null {
  const [asked, setAsked] = React.useState<Action | null>(null);
  const [problem, setProblem] = React.useState<string | null>(null);
  React.useEffect(() => setAsked(null), [state]);
  const ask = (action: Action): void => {
    setAsked(action);
    setProblem(null);
    request(action).catch((error: unknown) => {
      setAsked(null);
      setProblem(reasonOf(error).sentence);
    });
  };
  const actions = actionsOf(state);
  return actions.length === 0 ? null : (
    <span className="blase-controls" role="group" aria-label={trans.__('Training controls')}>
      {actions.map(action => (
        <button
          key={action}
          className="jp-mod-styled jp-mod-minimal blase-button"
          disabled={asked !== null}
          title={action === 'continue' ? undefined : trans.__('Takes effect at the end of a batch')}
          onClick={() => ask(action)}
        >
          <ActionIcon action={action} />
          {asked === action ? trans.__('asked…') : actionWord(action, trans)}
        </button>
      ))}
      {problem !== null && (
        <span className="blase-problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

function ActionIcon({ action }: { action: Action }): JSX.Element {
  const Icon = ICONS[action].react;
  return <Icon tag="span" className="blase-button-icon" />;
}
