import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ProjectView } from '../generated/records';
import type { Knowledge } from '../knowledge';
import type { ProjectModel } from '../projectModel';
import { isUnderWay } from '../pure/runs';
import { Exporting } from './exporting';
import { Runs } from './runs';
import { Steps } from './steps';
import { Training } from './training';

interface PanelProps {
  /** The project of the notebook in front; null without a notebook. */
  readonly model: ProjectModel | null;
  readonly trans: TranslationBundle;
}

/** The side panel: the project of the notebook in front, or what to do to get one. */
export function Panel({ model, trans }: PanelProps): JSX.Element {
  if (model === null) {
    return (
      <Empty title={trans.__('No notebook is open')}>
        <p>{trans.__('Open a notebook to see its steps and runs.')}</p>
      </Empty>
    );
  }
  const knowledge = model.knowledge;
  return knowledge.kind === 'found' ? (
    <Found model={model} project={knowledge.project} trans={trans} />
  ) : (
    <Missing knowledge={knowledge} model={model} trans={trans} />
  );
}

interface FoundProps {
  readonly model: ProjectModel;
  readonly project: ProjectView;
  readonly trans: TranslationBundle;
}

function Found({ model, project, trans }: FoundProps): JSX.Element {
  return (
    <div className="blase-panel">
      <header className="blase-panel-head">
        <h2 title={project.root}>{project.name}</h2>
        <Refresh model={model} trans={trans} />
      </header>
      {project.problem !== null && (
        <p className="blase-problem" role="alert">
          {project.problem}
        </p>
      )}
      {model.training !== null && (
        <Section title={trans.__('Training')}>
          <Training
            view={model.training}
            trans={trans}
            request={action => model.control(action)}
            isFolded={model.isInNotebook || !isUnderWay(model.training.state)}
          />
        </Section>
      )}
      <Section title={trans.__('Steps')}>
        <Steps steps={project.steps} trans={trans} />
      </Section>
      <Section title={trans.__('Runs')}>
        <Runs runs={project.runs} trans={trans} />
      </Section>
      <Section title={trans.__('Export')}>
        <Exporting
          job={model.exporting}
          hasRuns={project.runs.length > 0}
          trans={trans}
          start={() => void model.export(null)}
        />
      </Section>
    </div>
  );
}

function Section(props: { title: string; children: React.ReactNode }): JSX.Element {
  return (
    <section className="blase-section" aria-label={props.title}>
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}

interface MissingProps {
  readonly knowledge: Exclude<Knowledge, { readonly kind: 'found' }>;
  readonly model: ProjectModel;
  readonly trans: TranslationBundle;
}

function Missing({ knowledge, model, trans }: MissingProps): JSX.Element {
  const again = <Refresh model={model} trans={trans} isWide />;
  switch (knowledge.kind) {
    case 'asking':
      return <Empty title={trans.__('Looking for the project…')} />;
    case 'no-project':
      return (
        <Empty title={trans.__('No project here yet')}>
          <p>{trans.__('This notebook belongs to no project yet. Run in a cell:')}</p>
          <pre>{'%load_ext blase_lab\n%blase init'}</pre>
          {again}
        </Empty>
      );
    case 'no-server':
      return (
        <Empty title={trans.__('The server extension is missing')}>
          <p>{trans.__('The Jupyter server does not know blase-lab. Run in a terminal:')}</p>
          <pre>jupyter server extension enable blase_lab</pre>
          <p>
            {trans.__('Then start the Jupyter server again. Cells and magics work without it.')}
          </p>
          {again}
        </Empty>
      );
    case 'failed':
      return (
        <Empty title={trans.__('The project could not be read')}>
          <p role="alert">{knowledge.sentence}</p>
          {knowledge.wayOut !== null && <p>{knowledge.wayOut}</p>}
          {again}
        </Empty>
      );
  }
}

function Empty(props: { title: string; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="blase-panel blase-empty">
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

interface RefreshProps {
  readonly model: ProjectModel;
  readonly trans: TranslationBundle;
  readonly isWide?: boolean;
}

function Refresh({ model, trans, isWide = false }: RefreshProps): JSX.Element {
  const label = isWide ? trans.__('Look again') : trans.__('Refresh');
  return (
    <button
      className="jp-mod-styled jp-mod-minimal blase-button"
      title={label}
      aria-label={label}
      onClick={() => model.refresh()}
    >
      <refreshIcon.react tag="span" className="blase-button-icon" />
      {isWide && label}
    </button>
  );
}
