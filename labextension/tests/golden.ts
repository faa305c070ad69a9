import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectView, TrainingView } from '../src/generated/records';
import { decodeProject, decodeTraining } from '../src/pure/decode';

const FOLDER = join(__dirname, '..', '..', 'tests', 'formats', 'ui');

/** What Python sends, as the pytest of the same name wrote it. */
export function golden(name: 'project' | 'training'): Record<string, unknown> {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf-8'));
}

/** The project of the golden file. */
export function goldenProject(): ProjectView {
  return decodeProject(golden('project'));
}

/** The training of the golden file. */
export function goldenTraining(): TrainingView {
  return decodeTraining(golden('training'));
}
