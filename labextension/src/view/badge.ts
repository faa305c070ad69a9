import type { Extension } from '@codemirror/state';
import { StateEffect } from '@codemirror/state';
import type { DecorationSet, ViewUpdate, EditorView } from '@codemirror/view';
import { Decoration, ViewPlugin, WidgetType } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ProjectView } from '../generated/records';
import type { CellStep } from '../pure/cells';
import { kindOfCell, stepOfCell } from '../pure/cells';
import { observedGroups, PROOF_MARKS, proofClass } from '../pure/proof';
import { observedLabel, proofSentence, proofWord } from './proof';
import { kindWord, STEP_MARKS, stepStateWord } from './words';

/** What the badges of one notebook ask for the steps of its project. */
export interface StepsSource {
  /** The steps; null while nothing is known of the project. */
  steps(): ProjectView['steps'] | null;
  /** Calls back after the steps may have changed; returns how to end that. */
  follow(changed: () => void): () => void;
}

const stepsChanged = StateEffect.define<null>();
const magicLine = Decoration.line({ class: 'blase-magic-line' });

/** The badge at the end of the first line of a marked cell. */
export function badges(source: StepsSource, trans: TranslationBundle): Extension {
  return ViewPlugin.define(
    view => {
      const draw = (shown: EditorView): DecorationSet => decorate(shown, source, trans);
      let drawn = source.steps();
      const unfollow = source.follow(() => {
        if (drawn !== source.steps()) {
          drawn = source.steps();
          view.dispatch({ effects: stepsChanged.of(null) });
        }
      });
      return {
        decorations: draw(view),
        update(update: ViewUpdate): void {
          if (update.docChanged || hasNews(update)) {
            this.decorations = draw(update.view);
          }
        },
        destroy: unfollow
      };
    },
    { decorations: plugin => plugin.decorations }
  );
}

function hasNews(update: ViewUpdate): boolean {
  return update.transactions.some(each => each.effects.some(effect => effect.is(stepsChanged)));
}

function decorate(view: EditorView, source: StepsSource, trans: TranslationBundle): DecorationSet {
  const first = view.state.doc.line(1);
  if (kindOfCell(first.text) === null) {
    return Decoration.none;
  }
  const step = stepOfCell(view.state.doc.toString(), source.steps());
  if (step === null) {
    return Decoration.none;
  }
  const widget = Decoration.widget({ widget: new Badge(step, trans), side: 1 });
  return Decoration.set([magicLine.range(first.from), widget.range(first.to)]);
}

/** The badge's element: kind, name and version, state, documentation. */
class Badge extends WidgetType {
  constructor(
    private readonly _step: CellStep,
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  override eq(other: Badge): boolean {
    return JSON.stringify(this._step) === JSON.stringify(other._step);
  }

  override toDOM(): HTMLElement {
    const { kind, name, version, state, documented, proof, proven } = this._step;
    const node = document.createElement('span');
    node.className = `blase-badge blase-badge-${state ?? 'unknown'}`;
    node.setAttribute('role', 'note');
    node.setAttribute('aria-label', whyOf(this._step, this._trans));
    node.title = whyOf(this._step, this._trans);
    const title = version === null ? (name ?? '') : `${name}@${version}`;
    node.append(part('kind', kindWord(kind, this._trans)));
    if (title !== '') {
      node.append(part('name', title));
    }
    node.append(stateOf(state, this._trans));
    if (proof !== null) {
      const shown = marked('proof', PROOF_MARKS[proof], proofWord({ proof, proven }, this._trans));
      shown.classList.add(`blase-proof-${proofClass(proof)}`);
      node.append(shown);
    }
    if (documented === false) {
      node.append(part('docs', this._trans.__('no docs')));
    }
    return node;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function stateOf(state: CellStep['state'], trans: TranslationBundle): HTMLElement {
  return state === null
    ? part('state', '?')
    : marked('state', STEP_MARKS[state], stepStateWord(state, trans));
}

/** A part with a mark before its word: in a narrow cell the mark stays. */
function marked(name: string, mark: string, word: string): HTMLElement {
  const node = part(name, `${mark} `);
  node.append(part('word', word));
  return node;
}

function part(name: string, text: string): HTMLElement {
  const node = document.createElement('span');
  node.className = `blase-badge-${name}`;
  node.textContent = text;
  return node;
}

/** The tooltip: what the state means here and why, what is proven, and what cannot be known. */
function whyOf(step: CellStep, trans: TranslationBundle): string {
  const { proof, proven, flags, observed } = step;
  const sentences = [meaningOf(step, trans), ...step.reasons.map(reason => `• ${reason}`)];
  if (proof !== null) {
    sentences.push(proofSentence({ proof, proven }, trans));
  }
  sentences.push(...flags.map(flag => `⚑ ${flag}`));
  for (const group of observedGroups(observed)) {
    sentences.push(`${observedLabel(group, trans)}: ${group.names.join(', ')}`);
  }
  if (step.documented !== null) {
    sentences.push(step.documented ? trans.__('Documented.') : trans.__('Not documented.'));
  }
  return sentences.join('\n');
}

function meaningOf(step: CellStep, trans: TranslationBundle): string {
  switch (step.draft) {
    case 'unknown':
      return trans.__('Draft: run the cell to capture this step.');
    case 'changed':
      return trans.__('Draft: the cell was changed since it was captured. Run it again.');
    case null:
      return stateMeaning(step.state, trans);
  }
}

function stateMeaning(state: CellStep['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'fresh':
      return trans.__('Fresh: the step is as it was captured.');
    case 'stale':
      return trans.__('Stale: something that this step rests on has changed.');
    case 'draft':
      return trans.__('Draft: not captured as it is.');
    case null:
      return trans.__('Nothing is known of the project; the side panel says why.');
  }
}
