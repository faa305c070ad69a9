import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { IEditorExtensionFactory } from '@jupyterlab/codemirror';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IProjects } from '../projects';
import type { StepsSource } from '../view/badge';
import { badges } from '../view/badge';
import { DOMAIN } from '../view/words';

/** Shows at every marked cell which step it is and whether it is fresh. */
export const badgePlugin: JupyterFrontEndPlugin<void> = {
  id: 'blase-lab:badge',
  description: 'Shows at every marked cell which step it is and whether it is fresh.',
  autoStart: true,
  requires: [IProjects],
  optional: [IEditorExtensionRegistry, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    projects: IProjects,
    registry: IEditorExtensionRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    registry?.addExtension({
      name: 'blase-lab:badge',
      factory: ({ model }) => {
        const source = sourceOf(model, projects);
        return source === null
          ? null
          : EditorExtensionRegistry.createImmutableExtension(badges(source, trans));
      }
    });
  }
};

/** Where the badges of an editor hear of their steps; null for an editor outside a notebook. */
function sourceOf(
  model: IEditorExtensionFactory.IOptions['model'],
  projects: IProjects
): StepsSource | null {
  const shared = model.sharedModel;
  if (!('cell_type' in shared) || shared.cell_type !== 'code' || !('notebook' in shared)) {
    return null;
  }
  const content = (): object => shared.notebook ?? shared;
  return {
    steps: () => projects.ofContent(content())?.steps ?? null,
    follow: changed => {
      projects.changed.connect(changed);
      return () => void projects.changed.disconnect(changed);
    }
  };
}
