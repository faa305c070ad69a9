import type { TranslationBundle } from '@jupyterlab/translation';
import type { ProofState } from '../generated/records';
import type { ObservedGroup } from '../pure/proof';
import { isProofAwaited } from '../pure/proof';

interface Proven {
  readonly proof: ProofState;
  readonly proven: string;
}

/** The proof in a few words, as the badge says it. */
export function proofWord({ proof, proven }: Proven, trans: TranslationBundle): string {
  switch (proof) {
    case 'self-contained':
      return trans.__('self-contained');
    case 'needs hidden':
      return proven === '' ? trans.__('needs hidden names') : proven;
    case 'not deterministic':
      return trans.__('not deterministic');
    case 'not proven':
      return isProofAwaited({ proof, proven })
        ? trans.__('not proven yet')
        : trans.__('not proven');
  }
}

/** The proof in a sentence. */
export function proofSentence({ proof, proven }: Proven, trans: TranslationBundle): string {
  switch (proof) {
    case 'self-contained':
      return trans.__('Self-contained: in a clean process its captured code does the same.');
    case 'needs hidden':
      return trans.__(
        'It %1: its captured code alone cannot run, so another notebook could not run it.',
        proven === '' ? trans.__('needs hidden names') : proven
      );
    case 'not deterministic':
      return trans.__('Not deterministic: it returned different values for the same rows.');
    case 'not proven':
      return isProofAwaited({ proof, proven })
        ? trans.__('Not proven yet: its captured code has not been run alone.')
        : trans.__('Not proven: there was nothing to compare. `blase prove` says why.');
  }
}

/** What a group of observations is, as the label before their names. */
export function observedLabel(group: ObservedGroup, trans: TranslationBundle): string {
  const isRead = group.mode === 'read';
  const labels: Readonly<Record<ObservedGroup['kind'], string>> = {
    file: isRead ? trans.__('Files read') : trans.__('Files written'),
    folder: isRead ? trans.__('Folders read') : trans.__('Folders written'),
    variable: isRead ? trans.__('Variables read') : trans.__('Variables set'),
    socket: trans.__('Connections'),
    program: trans.__('Programs'),
    module: trans.__('Modules imported'),
    random: trans.__('Random numbers of')
  };
  return labels[group.kind];
}
