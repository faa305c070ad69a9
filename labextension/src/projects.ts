import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { ProjectModel } from './projectModel';

/** The projects of the open notebooks. */
export const IProjects = new Token<IProjects>(
  'blase-lab:IProjects',
  'The projects of the open notebooks, one model for each notebook.'
);

export interface IProjects {
  /** The project of the notebook in front; null without one. */
  readonly current: ProjectModel | null;
  /** Emitted when another notebook comes to the front, or when any project changes. */
  readonly changed: ISignal<IProjects, void>;
  /** Whether the server was asked and does not know blase-lab. */
  readonly isServerMissing: boolean;
  /** The project of the open notebook with this content, by its shared model. */
  ofContent(shared: object): ProjectModel | null;
  /** The project of the open notebook at this path. */
  ofPath(path: string): ProjectModel | null;
}

/** Follows the notebook tracker and holds one model for each open notebook. */
export class Projects implements IProjects {
  /** Without a tracker (a page without notebooks) there are no projects. */
  constructor(private readonly _tracker: INotebookTracker | null) {
    _tracker?.forEach(panel => this._add(panel));
    _tracker?.widgetAdded.connect((_, panel) => this._add(panel));
    _tracker?.currentChanged.connect(() => this._changed.emit());
  }

  get changed(): ISignal<IProjects, void> {
    return this._changed;
  }

  get isServerMissing(): boolean {
    return [...this._models.values()].some(model => model.knowledge.kind === 'no-server');
  }

  get current(): ProjectModel | null {
    const panel = this._tracker?.currentWidget ?? null;
    return panel === null ? null : (this._models.get(panel) ?? null);
  }

  ofContent(shared: object): ProjectModel | null {
    return this._find(panel => panel.context.model.sharedModel === shared);
  }

  ofPath(path: string): ProjectModel | null {
    return this._find(panel => panel.context.path === path);
  }

  private _find(holds: (panel: NotebookPanel) => boolean): ProjectModel | null {
    const panel = [...this._models.keys()].find(holds);
    return panel === undefined ? null : (this._models.get(panel) ?? null);
  }

  private _add(panel: NotebookPanel): void {
    const model = new ProjectModel(panel.context.path);
    this._models.set(panel, model);
    model.changed.connect(() => this._changed.emit());
    panel.context.pathChanged.connect((_, path) => {
      model.path = path;
    });
    panel.disposed.connect(() => {
      this._models.delete(panel);
      model.dispose();
    });
    model.refresh();
  }

  private readonly _models = new Map<NotebookPanel, ProjectModel>();
  private readonly _changed = new Signal<IProjects, void>(this);
}
