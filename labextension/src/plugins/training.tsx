import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { getTraining, postControl } from '../api';
import type { TrainingView } from '../generated/records';
import { decodeTraining } from '../pure/decode';
import type { Action } from '../pure/runs';
import { isUnderWay } from '../pure/runs';
import { IProjects } from '../projects';
import { Training } from '../view/training';
import { DOMAIN } from '../view/words';

/** On the page while the server is missing: then the kernel's own buttons are shown. */
const NO_SERVER = 'blase-no-server';
const MIME_TYPE = 'application/vnd.blase.training+json';

/** Draws the training outputs of notebooks, live and saved. */
export const trainingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'blase-lab:training',
  description: 'Draws a training in the output of its cell.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IProjects],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    projects: IProjects,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    projects.changed.connect(() => {
      document.body.classList.toggle(NO_SERVER, projects.isServerMissing);
    });
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: options => new TrainingRenderer(options.resolver, projects, trans)
      },
      0
    );
  }
};

/** One output: lives on over all updates of its display id. */
class TrainingRenderer extends ReactWidget implements IRenderMime.IRenderer {
  constructor(
    private readonly _resolver: IRenderMime.IResolver | null,
    private readonly _projects: IProjects,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this._isServerMissing = _projects.isServerMissing;
    this.addClass('blase-training-output');
    _projects.changed.connect(this._follow, this);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    try {
      this._view = decodeTraining(model.data[MIME_TYPE]);
    } catch {
      this._view = null;
    }
    this.update();
    if (this._view !== null && isUnderWay(this._view.state)) {
      await this._meet(this._view);
    }
  }

  protected override render(): JSX.Element {
    const view = this._view;
    if (view === null) {
      return <p>{this._trans.__('This training was written by another version of blase-lab.')}</p>;
    }
    const request = async (action: Action): Promise<void> => {
      await postControl(await this._path(view), view.run, action);
    };
    const canAsk = !this._isServerMissing;
    return <Training view={view} trans={this._trans} request={canAsk ? request : null} />;
  }

  private _follow(): void {
    if (this._isServerMissing !== this._projects.isServerMissing) {
      this._isServerMissing = this._projects.isServerMissing;
      this.update();
    }
  }

  /**
   * The first time, ask the server: an output saved in the middle of a training says `running`
   * for ever. After that, every update is news for the panel.
   */
  private async _meet(view: TrainingView): Promise<void> {
    const path = await this._path(view);
    if (this._isMet) {
      this._projects.ofPath(path)?.observe(view);
      return;
    }
    this._isMet = true;
    try {
      const answer = await getTraining(path, view.run);
      if (!isUnderWay(answer.state) && this._view === view) {
        this._view = answer;
        this.update();
      }
    } catch {
      // Without the server's word the output stands as it was saved.
    }
  }

  /** The notebook's path where it is known, else the project as the kernel named it. */
  private async _path(view: TrainingView): Promise<string> {
    const resolver = this._resolver;
    if (resolver !== null && 'path' in resolver && typeof resolver.path === 'string') {
      return resolver.path;
    }
    const beside = await resolver?.resolveUrl('blase.toml');
    return beside === undefined ? view.project : decodeURIComponent(beside);
  }

  private _view: TrainingView | null = null;
  private _isMet = false;
  private _isServerMissing = false;
}
