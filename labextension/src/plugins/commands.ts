import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { pauseIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { ProjectModel } from '../projectModel';
import { reasonOf } from '../api';
import { IProjects } from '../projects';
import type { Action } from '../pure/runs';
import { actionsOf } from '../pure/runs';
import { exportIcon } from '../view/icons';
import { DOMAIN } from '../view/words';

const COMMANDS = ['export', 'refresh', 'pause', 'continue', 'stop'].map(name => `blase:${name}`);
const ICONS = { pause: pauseIcon, continue: runIcon, stop: stopIcon };
const SHOWN = { autoClose: 8000 } as const;

/** The commands, in the palette and (export) in the notebook's toolbar. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'blase-lab:commands',
  description: 'Exports, refreshes, and controls the training from the palette and the toolbar.',
  autoStart: true,
  requires: [IProjects],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    addExport(app, projects, trans);
    addRefresh(app, projects, trans);
    addControls(app, projects, trans);
    for (const command of COMMANDS) {
      palette?.addItem({ command, category: 'blase' });
    }
    projects.changed.connect(() => {
      COMMANDS.forEach(command => app.commands.notifyCommandChanged(command));
    });
  }
};

function addExport(app: JupyterFrontEnd, projects: IProjects, trans: TranslationBundle): void {
  app.commands.addCommand('blase:export', {
    label: trans.__('Export the Latest Run'),
    caption: trans.__('blase: export the latest run as a pinned pipeline'),
    icon: exportIcon,
    isEnabled: () => canExport(projects.current),
    execute: async () => {
      const job = await projects.current?.export(null);
      if (job?.state === 'done') {
        Notification.success(trans.__('Exported: %1', job.path ?? job.sentence), SHOWN);
      } else if (job?.state === 'failed') {
        Notification.error(job.sentence, SHOWN);
      }
    }
  });
}

function canExport(model: ProjectModel | null): boolean {
  return (
    model?.knowledge.kind === 'found' &&
    model.knowledge.project.runs.length > 0 &&
    model.exporting?.state !== 'running'
  );
}

function addRefresh(app: JupyterFrontEnd, projects: IProjects, trans: TranslationBundle): void {
  app.commands.addCommand('blase:refresh', {
    label: trans.__('Refresh the Project'),
    icon: refreshIcon,
    isEnabled: () => projects.current !== null,
    execute: () => projects.current?.refresh()
  });
}

function addControls(app: JupyterFrontEnd, projects: IProjects, trans: TranslationBundle): void {
  const labels: Readonly<Record<Action, string>> = {
    pause: trans.__('Pause the Training'),
    continue: trans.__('Continue the Training'),
    stop: trans.__('Stop the Training')
  };
  for (const action of ['pause', 'continue', 'stop'] as const) {
    app.commands.addCommand(`blase:${action}`, {
      label: labels[action],
      icon: ICONS[action],
      isEnabled: () => {
        const training = projects.current?.training ?? null;
        return training !== null && actionsOf(training.state).includes(action);
      },
      execute: () =>
        projects.current?.control(action).catch((error: unknown) => {
          Notification.error(reasonOf(error).sentence, SHOWN);
        })
    });
  }
}
