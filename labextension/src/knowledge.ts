import { reasonOf, RequestError } from './api';
import type { ProjectView } from './generated/records';

/** What is known of the project that a notebook belongs to. */
export type Knowledge =
  | { readonly kind: 'asking' }
  | { readonly kind: 'found'; readonly project: ProjectView }
  | { readonly kind: 'no-project' }
  | { readonly kind: 'no-server' }
  | { readonly kind: 'failed'; readonly sentence: string; readonly wayOut: string | null };

/** What a failed question about the project says of it. */
export function refusedKnowledge(error: unknown): Knowledge {
  if (error instanceof RequestError && error.code === 'store-no-project') {
    return { kind: 'no-project' };
  }
  if (error instanceof RequestError && error.code === 'no-server') {
    return { kind: 'no-server' };
  }
  return { kind: 'failed', ...reasonOf(error) };
}
