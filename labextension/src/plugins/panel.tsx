import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { IProjects } from '../projects';
import { blaseIcon } from '../view/icons';
import { Panel } from '../view/panel';
import { DOMAIN } from '../view/words';

const PANEL = 'blase-lab-panel';

/** Adds the side panel and the command that shows it. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'blase-lab:panel',
  description: 'Shows the steps and runs of the project in a side panel.',
  autoStart: true,
  requires: [IProjects],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const panel = new PanelWidget(projects, trans);
    app.shell.add(panel, 'right', { rank: 600, type: 'blase' });
    restorer?.add(panel, PANEL);
    app.commands.addCommand('blase:show-panel', {
      label: trans.__('Show the Project Panel'),
      caption: trans.__('Show the steps and runs of the project in the side panel'),
      icon: blaseIcon,
      execute: () => app.shell.activateById(PANEL)
    });
    palette?.addItem({ command: 'blase:show-panel', category: 'blase' });
  }
};

/** The panel as a widget: draws itself anew when a project or the notebook in front changes. */
class PanelWidget extends ReactWidget {
  constructor(
    private readonly _projects: IProjects,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.id = PANEL;
    this.addClass('blase-panel-widget');
    this.title.icon = blaseIcon;
    this.title.caption = _trans.__('blase: steps and runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('blase: steps and runs'));
    this.node.tabIndex = -1;
    _projects.changed.connect(() => this.update(), this);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._projects.current?.refresh();
  }

  protected override onActivateRequest(): void {
    this.node.focus();
  }

  protected override render(): JSX.Element {
    return <Panel model={this._projects.current} trans={this._trans} />;
  }
}
