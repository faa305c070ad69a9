// Made by .ci/generate_types.py from blase_lab/core/records/; changes here are lost.
// A float that is not finite arrives as null and is decoded as NaN.

export type Aspect = 'code' | 'documentation' | 'parameters' | 'environment' | 'data' | 'seed';

export type Grade = 'proof' | 'evidence' | 'note';

export type Level = 'IDENTICAL' | 'EQUIVALENT' | 'WITHIN NOISE' | 'SAME CONCLUSION' | 'DIFFERENT' | 'RAN';

export type ProofState = 'self-contained' | 'needs hidden' | 'not deterministic' | 'not proven';

export type RunState = 'running' | 'paused' | 'stopped' | 'finished' | 'failed';

export type SplitName = 'train' | 'validation' | 'test';

export type StepKind = 'source' | 'clean' | 'feature' | 'target' | 'model' | 'loss' | 'metric' | 'callback' | 'loop' | 'impact';

export type StepStateName = 'fresh' | 'stale' | 'draft';

/** What the side panel and the badges show: GET /blase-lab/project. */
export interface ProjectView {
  readonly name: string;
  readonly root: string;
  readonly steps: ReadonlyArray<StepState>;
  readonly runs: ReadonlyArray<RunSummary>;
  readonly training: TrainingView | null;
  readonly problem: string | null;
}

/** A step as its badge shows it. */
export interface StepState {
  readonly name: string;
  readonly version: number;
  readonly kind: StepKind;
  readonly state: StepStateName;
  readonly documented: boolean;
  readonly documentation: string;
  readonly reasons: ReadonlyArray<string>;
  readonly cell: string;
  readonly proof: ProofState;
  readonly proven: string;
  readonly flags: ReadonlyArray<string>;
  readonly observed: ReadonlyArray<Observation>;
}

/** One thing outside its arguments that a step touched while it ran. */
export interface Observation {
  readonly kind: 'file' | 'folder' | 'module' | 'program' | 'random' | 'socket' | 'variable';
  readonly name: string;
  readonly mode: 'read' | 'write';
  readonly digest: string | null;
}

/** A run as the listing shows it. */
export interface RunSummary {
  readonly id: string;
  readonly number: number;
  readonly state: RunState;
  readonly created: string;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly baseline: Readonly<Record<string, number>>;
  readonly verdict: Level | null;
  readonly weightsDigest: string | null;
  readonly optimizerDigest: string | null;
  readonly predictionsDigest: string | null;
  readonly ledgerDigest: string | null;
  readonly measuredOn: string | null;
}

/** The payload of `application/vnd.blase.training+json`: a training at one moment. */
export interface TrainingView {
  readonly run: string;
  readonly number: number;
  readonly project: string;
  readonly model: string;
  readonly state: RunState;
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly batchesPerEpoch: number;
  readonly curves: ReadonlyArray<Curve>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly baseline: Readonly<Record<string, number>>;
  readonly rowsPerSecond: number;
  readonly waitShare: number;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryBudgetBytes: number;
  readonly seconds: number;
  readonly secondsLeft: number | null;
  readonly sentence: string;
}

/** One line of the training chart: x in epochs (fractions between). */
export interface Curve {
  readonly name: string;
  readonly split: 'train' | 'validation';
  readonly x: ReadonlyArray<number>;
  readonly y: ReadonlyArray<number>;
}

/** Training begins, or begins again at `epoch`, `batch`. */
export interface Started {
  readonly type: 'started';
  readonly at: string;
  readonly run: string;
  readonly number: number;
  readonly epoch: number;
  readonly batch: number;
  readonly epochs: number;
  readonly batchesPerEpoch: number;
  readonly batchRows: number;
  readonly model: string;
  readonly resumed: boolean;
}

/** Some batches are done (thinned to about four a second). */
export interface BatchEnd {
  readonly type: 'batch';
  readonly at: string;
  readonly epoch: number;
  readonly batch: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly rowsPerSecond: number;
  readonly waitShare: number;
}

/** An epoch is done; validation metrics carry the prefix `val_`. */
export interface EpochEnd {
  readonly type: 'epoch';
  readonly at: string;
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** The machine, read about once a second. */
export interface Metered {
  readonly type: 'metered';
  readonly at: string;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryBudgetBytes: number;
}

/** A checkpoint can be resumed from. */
export interface Checkpointed {
  readonly type: 'checkpointed';
  readonly at: string;
  readonly epoch: number;
  readonly batch: number;
  readonly seconds: number;
}

/** Training waits, by request. */
export interface Paused {
  readonly type: 'paused';
  readonly at: string;
  readonly epoch: number;
  readonly batch: number;
}

/** Training goes on after a pause. */
export interface Continued {
  readonly type: 'continued';
  readonly at: string;
  readonly epoch: number;
  readonly batch: number;
}

/** The last event of a training. */
export interface Ended {
  readonly type: 'ended';
  readonly at: string;
  readonly state: RunState;
  readonly epoch: number;
  readonly batch: number;
  readonly sentence: string;
}

/** A request to a running training. */
export interface Control {
  readonly action: 'continue' | 'pause' | 'stop';
  readonly at: string;
}

/** How far some work is; sent to whoever watches, never stored. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly sentence: string;
}

export type Event = Started | BatchEnd | EpochEnd | Metered | Checkpointed | Paused | Continued | Ended;

/** What is checked on arrival. */
export const schemas = {
  ProjectView: {"type": "object", "properties": {"name": {"type": "string"}, "root": {"type": "string"}, "steps": {"type": "array", "items": {"$ref": "#/StepState"}}, "runs": {"type": "array", "items": {"$ref": "#/RunSummary"}}, "training": {"anyOf": [{"$ref": "#/TrainingView"}, {"type": "null"}]}, "problem": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  TrainingView: {"type": "object", "properties": {"run": {"type": "string"}, "number": {"type": "integer"}, "project": {"type": "string"}, "model": {"type": "string"}, "state": {"enum": ["failed", "finished", "paused", "running", "stopped"]}, "epoch": {"type": "integer"}, "epochs": {"type": "integer"}, "batch": {"type": "integer"}, "batchesPerEpoch": {"type": "integer"}, "curves": {"type": "array", "items": {"$ref": "#/Curve"}}, "metrics": {"type": "object", "additionalProperties": {"type": "number"}}, "baseline": {"type": "object", "additionalProperties": {"type": "number"}}, "rowsPerSecond": {"type": "number"}, "waitShare": {"type": "number"}, "cpuPercent": {"type": "number"}, "memoryBytes": {"type": "integer"}, "memoryBudgetBytes": {"type": "integer"}, "seconds": {"type": "number"}, "secondsLeft": {"anyOf": [{"type": "number"}, {"type": "null"}]}, "sentence": {"type": "string"}}},
  StepState: {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "integer"}, "kind": {"enum": ["callback", "clean", "feature", "impact", "loop", "loss", "metric", "model", "source", "target"]}, "state": {"enum": ["draft", "fresh", "stale"]}, "documented": {"type": "boolean"}, "documentation": {"type": "string"}, "reasons": {"type": "array", "items": {"type": "string"}}, "cell": {"type": "string"}, "proof": {"enum": ["needs hidden", "not deterministic", "not proven", "self-contained"]}, "proven": {"type": "string"}, "flags": {"type": "array", "items": {"type": "string"}}, "observed": {"type": "array", "items": {"$ref": "#/Observation"}}}},
  RunSummary: {"type": "object", "properties": {"id": {"type": "string"}, "number": {"type": "integer"}, "state": {"enum": ["failed", "finished", "paused", "running", "stopped"]}, "created": {"type": "string"}, "seconds": {"type": "number"}, "metrics": {"type": "object", "additionalProperties": {"type": "number"}}, "baseline": {"type": "object", "additionalProperties": {"type": "number"}}, "verdict": {"anyOf": [{"enum": ["DIFFERENT", "EQUIVALENT", "IDENTICAL", "RAN", "SAME CONCLUSION", "WITHIN NOISE"]}, {"type": "null"}]}, "weightsDigest": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "optimizerDigest": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "predictionsDigest": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "ledgerDigest": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "measuredOn": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  Curve: {"type": "object", "properties": {"name": {"type": "string"}, "split": {"enum": ["train", "validation"]}, "x": {"type": "array", "items": {"type": "number"}}, "y": {"type": "array", "items": {"type": "number"}}}},
  Observation: {"type": "object", "properties": {"kind": {"enum": ["file", "folder", "module", "program", "random", "socket", "variable"]}, "name": {"type": "string"}, "mode": {"enum": ["read", "write"]}, "digest": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
};
