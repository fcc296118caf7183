// The page of a refusal or a failure, in the frame of the console.
import type { ProblemView } from '../console-routes.ts';
import { frame } from './frame.ts';
import { bareContext } from './page-route.ts';
import { problemPage } from './pages/problem.ts';

/** @param now in milliseconds. */
export function problemView(view: ProblemView, now: number): string {
  const context = bareContext(view, now);
  return frame(context, problemPage(context, view));
}
