import type { Observation, ProofState, StepState } from '../generated/records';

/** A shape for each state of a proof, so that it is told without colour. */
export const PROOF_MARKS: Readonly<Record<ProofState, string>> = {
  'self-contained': '✓',
  'needs hidden': '✕',
  'not deterministic': '≠',
  'not proven': '…'
};

/** A class name for each state of a proof. */
export function proofClass(proof: ProofState): string {
  return proof.replace(/ /g, '-');
}

/** What a step touched, one group for each way of touching: read before written. */
export interface ObservedGroup {
  readonly kind: Observation['kind'];
  readonly mode: Observation['mode'];
  readonly names: ReadonlyArray<string>;
}

const KINDS: ReadonlyArray<Observation['kind']> = [
  'file',
  'folder',
  'variable',
  'socket',
  'program',
  'module',
  'random'
];

/** The observations of a step by kind and mode, in one order, each name once. */
export function observedGroups(observed: ReadonlyArray<Observation>): ReadonlyArray<ObservedGroup> {
  const modes = ['read', 'write'] as const;
  return modes
    .flatMap(mode => KINDS.map(kind => ({ kind, mode, names: namesOf(observed, kind, mode) })))
    .filter(group => group.names.length > 0);
}

function namesOf(
  observed: ReadonlyArray<Observation>,
  kind: Observation['kind'],
  mode: Observation['mode']
): ReadonlyArray<string> {
  const found = observed.filter(each => each.kind === kind && each.mode === mode);
  return [...new Set(found.map(each => each.name))];
}

/** Whether a step's proof has not ended yet; one that ended may have proven nothing. */
export function isProofAwaited({ proof, proven }: Pick<StepState, 'proof' | 'proven'>): boolean {
  return proof === 'not proven' && proven !== proof;
}

const WAITS = [1000, 1500, 2500, 5000, 10000, 20000, 40000, 60000];

/**
 * How long to wait for proofs: they end in the kernel some time after a cell, and nothing tells.
 * The waits grow and come to an end; every proof that ends, and every cell that runs, begins anew.
 */
export class Patience {
  /** Begin anew: a cell was run. */
  renew(): void {
    this._asked = 0;
  }

  /** The milliseconds to the next question; null where no proof is awaited any more. */
  wait(steps: ReadonlyArray<StepState>): number | null {
    const proven = steps.map(step => `${step.name}@${step.version} ${step.proven}`).join();
    if (proven !== this._proven) {
      this._proven = proven;
      this._asked = 0;
    }
    const isAwaited = steps.some(isProofAwaited);
    const wait = WAITS[this._asked];
    this._asked += 1;
    return isAwaited && wait !== undefined ? wait : null;
  }

  private _asked = 0;
  private _proven = '';
}
