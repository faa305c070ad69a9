import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { concernsBlase } from '../pure/cells';
import { IProjects, Projects } from '../projects';

/** A training writes its first event some time after its cell was started. */
const START_DELAY = 2500;

/** Provides the projects, and asks again after a cell was run. */
export const projectsPlugin: JupyterFrontEndPlugin<IProjects> = {
  id: 'blase-lab:projects',
  description: 'Knows the blase project of each open notebook.',
  autoStart: true,
  optional: [INotebookTracker],
  provides: IProjects,
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker | null): IProjects => {
    const projects = new Projects(tracker);
    NotebookActions.executed.connect((_, { notebook, cell }) => {
      const model = projects.ofContent(notebook.model?.sharedModel ?? notebook);
      const mayChange = concernsBlase(cell.model.sharedModel.source);
      if (model !== null && (mayChange || model.knowledge.kind === 'found')) {
        model.refresh();
      }
    });
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      if (concernsBlase(cell.model.sharedModel.source)) {
        const content = notebook.model?.sharedModel ?? notebook;
        setTimeout(() => projects.ofContent(content)?.refresh(), START_DELAY);
      }
    });
    return projects;
  }
};
