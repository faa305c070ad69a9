import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { ExportJob } from './api';
import { getJob, getProject, getTraining, postControl, postExport, reasonOf } from './api';
import type { ProjectView, TrainingView } from './generated/records';
import type { Knowledge } from './knowledge';
import { refusedKnowledge } from './knowledge';
import { Patience } from './pure/proof';
import type { Action } from './pure/runs';
import { isUnderWay } from './pure/runs';

const NO_STEPS: ProjectView['steps'] = [];
const TRAINING_INTERVAL = 1000;
const RETRY_INTERVAL = 5000;
const JOB_INTERVAL = 700;

/** The project of one notebook: asked once for all its cells, and again only when told to. */
export class ProjectModel implements IDisposable {
  /** `path` is the notebook's path as the server names it. */
  constructor(path: string) {
    this._path = path;
    this._poll = new Poll({
      auto: false,
      factory: () => this._ask(),
      frequency: { interval: Poll.NEVER, backoff: false },
      standby: 'when-hidden'
    });
  }

  /** Emitted whenever anything below may have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get path(): string {
    return this._path;
  }

  set path(path: string) {
    this._path = path;
    this._knowledge = { kind: 'asking' };
    this.refresh();
  }

  get knowledge(): Knowledge {
    return this._knowledge;
  }

  /** The steps as last heard of: none where there is no project, null where nobody can say. */
  get steps(): ProjectView['steps'] | null {
    switch (this._knowledge.kind) {
      case 'found':
        return this._knowledge.project.steps;
      case 'no-project':
        return NO_STEPS;
      case 'asking':
      case 'no-server':
      case 'failed':
        return null;
    }
  }

  /** The latest training, as last heard of from the server or from an output. */
  get training(): TrainingView | null {
    return this._training;
  }

  /** Whether an output of the notebook shows that training live. */
  get isInNotebook(): boolean {
    return this._observed !== null && this._observed.run === this._training?.run;
  }

  /** The export under way or the last one; null before the first. */
  get exporting(): ExportJob | null {
    return this._exporting;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Ask for the whole project again. */
  refresh(): void {
    if (!this.isDisposed) {
      this._wantsProject = true;
      this._patience.renew();
      void this._poll.refresh();
    }
  }

  /** Take over what an output of the notebook shows: it is newer than what the server said. */
  observe(view: TrainingView): void {
    const before = this._observed;
    this._observed = view;
    this._training = view;
    this._changed.emit();
    if (before?.run !== view.run || before.state !== view.state) {
      this.refresh();
    }
  }

  /** Ask the training to pause, continue or stop. Rejects with RequestError. */
  async control(action: Action): Promise<void> {
    if (this._training !== null) {
      await postControl(this._path, this._training.run, action);
      this.refresh();
    }
  }

  /** Export a run, the latest for null; resolves when it is done or has failed. */
  async export(run: string | null): Promise<ExportJob> {
    this._tell({ state: 'running', sentence: '', path: null });
    try {
      const id = await postExport(this._path, run);
      let job = await getJob(id);
      while (job.state === 'running' && !this.isDisposed) {
        this._tell(job);
        await new Promise(resolve => setTimeout(resolve, JOB_INTERVAL));
        job = await getJob(id);
      }
      return this._tell(job);
    } catch (error) {
      const { sentence, wayOut } = reasonOf(error);
      return this._tell({
        state: 'failed',
        sentence: wayOut === null ? sentence : `${sentence} ${wayOut}`,
        path: null
      });
    }
  }

  private _tell(job: ExportJob): ExportJob {
    this._exporting = job;
    this._changed.emit();
    return job;
  }

  /** The poll's work: the whole project when wanted, else the running training. */
  private async _ask(): Promise<void> {
    const path = this._path;
    const run = this._training?.run;
    try {
      if (this._wantsProject || run === undefined) {
        this._wantsProject = false;
        const project = await getProject(path);
        this._accept(path, { kind: 'found', project }, project.training);
      } else {
        const training = await getTraining(path, run);
        this._wantsProject = !isUnderWay(training.state);
        this._accept(path, this._knowledge, training);
      }
    } catch (error) {
      const knowledge = refusedKnowledge(error);
      this._accept(path, knowledge, knowledge.kind === 'failed' ? this._training : null);
    }
  }

  private _accept(path: string, knowledge: Knowledge, training: TrainingView | null): void {
    if (path !== this._path || this.isDisposed) {
      return;
    }
    this._knowledge = knowledge;
    this._training = training;
    this._poll.frequency = { ...this._poll.frequency, interval: this._untilNext() };
    this._changed.emit();
  }

  /** How long the poll waits: little while something goes on, some while a proof is awaited. */
  private _untilNext(): number {
    const { kind } = this._knowledge;
    if (this._wantsProject || (this._training !== null && isUnderWay(this._training.state))) {
      return kind === 'failed' ? RETRY_INTERVAL : TRAINING_INTERVAL;
    }
    const wait = kind === 'found' ? this._patience.wait(this.steps ?? NO_STEPS) : null;
    this._wantsProject = wait !== null;
    return wait ?? Poll.NEVER;
  }

  private readonly _patience = new Patience();
  private _path: string;
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
  private _knowledge: Knowledge = { kind: 'asking' };
  private _training: TrainingView | null = null;
  private _observed: TrainingView | null = null;
  private _exporting: ExportJob | null = null;
  private _wantsProject = true;
}
