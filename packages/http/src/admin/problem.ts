// The page of a refusal or a failure.
import type { ProblemView } from '../console-routes.ts';
import { problemPage } from './pages.ts';

const sentences: Readonly<Record<string, string>> = {
  needs_read: 'You may not look at payments here. Ask whoever gave you access.',
  needs_repair: 'You may look, not ask Stripe or deliver again. Nothing was done.',
  needs_money: 'You may look, not decide about payments. Nothing was done.',
  not_found: 'There is no such page.',
  method_not_allowed: 'This page takes no such request.',
  unsupported_media_type: 'Send a form, or JSON.',
};
const ofStatus: Readonly<Record<number, string>> = {
  401: 'You are not signed in, or may not see payments.',
  403: 'This form was sent from another site, so nothing was done. Open the page here and send it again.',
  413: 'That is too long.',
};

export function problemView({ status, code, message, root, operator }: ProblemView): string {
  const words =
    message ?? sentences[code] ?? ofStatus[status] ?? (status < 500 ? 'That request cannot be read.' : 'Something failed here.');
  return problemPage({ path: root, message: words, isSignedIn: operator !== undefined });
}
