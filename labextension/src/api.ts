import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ProjectView, TrainingView } from './generated/records';
import { decodeProject, decodeTraining, isObject } from './pure/decode';
import type { Action } from './pure/runs';

/** An answer of the server that is not what was asked for. */
export class RequestError extends Error {
  /**
   * `code` is a stable word: a kind of error of blase-lab's own, `no-server` where the server
   * extension does not answer, or `unreachable` where the server does not.
   */
  constructor(
    readonly code: string,
    happened: string,
    readonly wayOut: string | null = null
  ) {
    super(happened);
  }
}

/** An error as a person reads it. */
export function reasonOf(error: unknown): { sentence: string; wayOut: string | null } {
  return error instanceof RequestError
    ? { sentence: error.message, wayOut: error.wayOut }
    : { sentence: error instanceof Error ? error.message : String(error), wayOut: null };
}

/** The state of an export under way. */
export interface ExportJob {
  readonly state: 'running' | 'done' | 'failed';
  readonly sentence: string;
  readonly path: string | null;
}

/** The project that the file at `path` belongs to. */
export async function getProject(path: string): Promise<ProjectView> {
  return decodeProject(await request('project', { path }));
}

/** One training, as it is now. */
export async function getTraining(path: string, run: string): Promise<TrainingView> {
  return decodeTraining(await request('training', { path, run }));
}

/** Ask a running training to pause, continue or stop; it obeys at the end of a batch. */
export async function postControl(path: string, run: string, action: Action): Promise<void> {
  await request('control', {}, { path, run, action });
}

/** Begin to export a run, the latest for null; answers with the job's id. */
export async function postExport(path: string, run: string | null): Promise<string> {
  const answer = await request('export', {}, { path, run });
  return isObject(answer) ? String(answer.job) : '';
}

/** How far an export is. */
export async function getJob(id: string): Promise<ExportJob> {
  const answer = await request('jobs', { id });
  if (!isObject(answer)) {
    throw new RequestError('unexpected', String(answer));
  }
  const state = answer.state === 'done' || answer.state === 'failed' ? answer.state : 'running';
  return {
    state,
    sentence: typeof answer.sentence === 'string' ? answer.sentence : '',
    path: typeof answer.path === 'string' ? answer.path : null
  };
}

async function request(
  verb: string,
  query: Readonly<Record<string, string>>,
  body?: Readonly<Record<string, string | null>>
): Promise<unknown> {
  const settings = ServerConnection.makeSettings();
  const address = URLExt.join(settings.baseUrl, 'blase-lab', verb);
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await ServerConnection.makeRequest(
    address + URLExt.objectToQueryString(query),
    init,
    settings
  ).catch((error: unknown) => {
    throw new RequestError('unreachable', error instanceof Error ? error.message : String(error));
  });
  const text = await response.text();
  const answer = parsed(text);
  if (!response.ok) {
    throw refusal(response, answer);
  }
  return answer;
}

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return text;
  }
}

/** A 404 without our own fields comes from a server that does not know us. */
function refusal(response: Response, answer: unknown): RequestError {
  if (isObject(answer) && typeof answer.code === 'string') {
    const wayOut = typeof answer.wayOut === 'string' ? answer.wayOut : null;
    return new RequestError(answer.code, String(answer.happened ?? ''), wayOut);
  }
  const code = response.status === 404 ? 'no-server' : 'refused';
  return new RequestError(code, `${response.status} ${response.statusText}`);
}
