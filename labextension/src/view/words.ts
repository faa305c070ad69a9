import type { TranslationBundle } from '@jupyterlab/translation';
import type { Level, RunState, StepKind, StepStateName } from '../generated/records';
import type { Action } from '../pure/runs';

/** The name of the translation domain: the package's. */
export const DOMAIN = 'blase_lab';

/** One step of this kind, as the badge says it. */
export function kindWord(kind: StepKind, trans: TranslationBundle): string {
  const words: Readonly<Record<StepKind, string>> = {
    source: trans.__('source'),
    clean: trans.__('clean'),
    feature: trans.__('feature'),
    target: trans.__('target'),
    model: trans.__('model'),
    loss: trans.__('loss'),
    metric: trans.__('metric'),
    callback: trans.__('callback'),
    loop: trans.__('loop'),
    impact: trans.__('impact')
  };
  return words[kind];
}

/** All steps of this kind, as a heading says it. */
export function kindHeading(kind: StepKind, trans: TranslationBundle): string {
  const words: Readonly<Record<StepKind, string>> = {
    source: trans.__('Sources'),
    clean: trans.__('Cleaning'),
    feature: trans.__('Features'),
    target: trans.__('Target'),
    model: trans.__('Model'),
    loss: trans.__('Loss'),
    metric: trans.__('Metrics'),
    callback: trans.__('Callbacks'),
    loop: trans.__('Training loop'),
    impact: trans.__('Impact')
  };
  return words[kind];
}

/** The state of a step, with a mark that tells it without colour. */
export function stepStateWord(state: StepStateName, trans: TranslationBundle): string {
  switch (state) {
    case 'fresh':
      return trans.__('fresh');
    case 'stale':
      return trans.__('stale');
    case 'draft':
      return trans.__('draft');
  }
}

/** A shape for each state, so that it is told without colour. */
export const STEP_MARKS: Readonly<Record<StepStateName, string>> = {
  fresh: '●',
  stale: '▲',
  draft: '○'
};

/** The state of a training or a run. */
export function runStateWord(state: RunState, trans: TranslationBundle): string {
  switch (state) {
    case 'running':
      return trans.__('running');
    case 'paused':
      return trans.__('paused');
    case 'stopped':
      return trans.__('stopped');
    case 'finished':
      return trans.__('finished');
    case 'failed':
      return trans.__('failed');
  }
}

/** A shape for each state, so that it is told without colour. */
export const RUN_MARKS: Readonly<Record<RunState, string>> = {
  running: '▶',
  paused: '❚❚',
  stopped: '■',
  finished: '✓',
  failed: '✕'
};

/** What a verdict says of a run, in a few words. */
export function levelSentence(level: Level, trans: TranslationBundle): string {
  switch (level) {
    case 'IDENTICAL':
      return trans.__('A rerun gave the same bits.');
    case 'EQUIVALENT':
      return trans.__('A rerun gave the same numbers within rounding.');
    case 'WITHIN NOISE':
      return trans.__('A rerun differs by no more than chance explains.');
    case 'SAME CONCLUSION':
      return trans.__('A rerun differs and leads to the same conclusion.');
    case 'DIFFERENT':
      return trans.__('A rerun gave a different result.');
    case 'RAN':
      return trans.__('A rerun came to its end; there was nothing to compare.');
  }
}

/** What a button or a command does to a training. */
export function actionWord(action: Action, trans: TranslationBundle): string {
  switch (action) {
    case 'pause':
      return trans.__('Pause');
    case 'continue':
      return trans.__('Continue');
    case 'stop':
      return trans.__('Stop');
  }
}
