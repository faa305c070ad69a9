import type {
  Observation,
  ProofState,
  StepKind,
  StepState,
  StepStateName
} from '../generated/records';

/** What the badge of one cell shows. */
export interface CellStep {
  readonly kind: StepKind;
  readonly name: string | null;
  /** None for a cell that was never captured. */
  readonly version: number | null;
  /** None while nothing is known of the project. */
  readonly state: StepStateName | null;
  readonly documented: boolean | null;
  readonly reasons: ReadonlyArray<string>;
  /** Why a draft is one: never captured, or changed since. */
  readonly draft: 'unknown' | 'changed' | null;
  /** None for a draft: what was proven is of the cell as it was captured. */
  readonly proof: ProofState | null;
  readonly proven: string;
  readonly flags: ReadonlyArray<string>;
  readonly observed: ReadonlyArray<Observation>;
}

const KINDS: Readonly<Record<StepKind, true>> = {
  source: true,
  clean: true,
  feature: true,
  target: true,
  model: true,
  loss: true,
  metric: true,
  callback: true,
  loop: true,
  impact: true
};

/** All kinds, in the order in which data meets them. */
export const STEP_KINDS = Object.keys(KINDS) as ReadonlyArray<StepKind>;

/** The kind that the first line of a cell marks it with; null if it marks none. */
export function kindOfCell(text: string): StepKind | null {
  const word = /^%%blase_([a-z]+)(?=\s|$)/.exec(text)?.[1];
  return word !== undefined && Object.hasOwn(KINDS, word) ? (word as StepKind) : null;
}

/** The name that a cell gives its step: on the magic line, else what its body defines last. */
export function nameOfCell(text: string): string | null {
  const line = text.split('\n', 1)[0] ?? '';
  const words = line.replace(/^%%\w+/, '').replace(/--[\w-]+(?:=|\s+)(?:"[^"]*"|'[^']*'|\S+)/g, '');
  const given = /^\s*([A-Za-z_]\w*)/.exec(words)?.[1];
  const defined = [...text.matchAll(/^(?:async\s+)?(?:def|class)\s+([A-Za-z_]\w*)/gm)].pop()?.[1];
  return given ?? defined ?? null;
}

/**
 * What a badge says of a cell; null for an unmarked cell. `steps` are those of its project, null
 * while nothing is known of that.
 */
export function stepOfCell(text: string, steps: ReadonlyArray<StepState> | null): CellStep | null {
  const kind = kindOfCell(text);
  if (kind === null) {
    return null;
  }
  if (steps === null) {
    return { ...NOTHING_KNOWN, kind, name: nameOfCell(text), state: null, draft: null };
  }
  const same = steps.find(step => isSameText(step.cell.trim(), text.trim()));
  const name = nameOfCell(text);
  const known = same ?? steps.find(step => step.name === name && step.kind === kind);
  if (known === undefined) {
    return { ...NOTHING_KNOWN, kind, name };
  }
  const changed = same === undefined;
  return {
    kind,
    name: known.name,
    version: known.version,
    state: changed ? 'draft' : known.state,
    documented: known.documented,
    reasons: known.reasons,
    draft: changed ? 'changed' : null,
    ...(changed ? NOTHING_PROVEN : proofOf(known))
  };
}

/** The store hides secrets; what it hid may have been anything. */
const HIDDEN = '[redacted]';

function isSameText(captured: string, text: string): boolean {
  if (!captured.includes(HIDDEN)) {
    return captured === text;
  }
  const parts = captured.split(HIDDEN).map(part => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*?')}$`).test(text);
}

const NOTHING_PROVEN = { proof: null, proven: '', flags: [], observed: [] } as const;

function proofOf(step: StepState): Pick<CellStep, 'proof' | 'proven' | 'flags' | 'observed'> {
  return { proof: step.proof, proven: step.proven, flags: step.flags, observed: step.observed };
}

const NOTHING_KNOWN = {
  ...NOTHING_PROVEN,
  version: null,
  state: 'draft',
  documented: null,
  reasons: [],
  draft: 'unknown'
} as const;

/** Whether running the cell may change what we know of its project. */
export function concernsBlase(text: string): boolean {
  return /^\s*%%?(?:blase\b|blase_)/m.test(text) || /\bblase_lab\b/.test(text);
}

/** The steps of one kind after the other, in the order of the kinds; empty kinds left out. */
export function stepsByKind(
  steps: ReadonlyArray<StepState>
): ReadonlyArray<readonly [StepKind, ReadonlyArray<StepState>]> {
  return STEP_KINDS.map(kind => [kind, steps.filter(step => step.kind === kind)] as const).filter(
    ([, found]) => found.length > 0
  );
}
