// `POST preferences`: the language and time zone of an operator, kept in cookies of the browser.
import { ConsoleProblem, type ConsoleRoute, languages } from '../console-call.ts';
import { isTimeZone, preferenceCookies } from '../console-request.ts';
import { jsonReply, redirectReply } from '../reply.ts';

export const preferenceRoutes: readonly ConsoleRoute[] = [
  {
    method: 'POST',
    pattern: 'preferences',
    may: 'read',
    answer: ({ fields, root, wantsPage }) => {
      const { lang, tz, back = '' } = fields;
      const language = languages.find((each) => each === lang);
      if (lang !== undefined && language === undefined) throw unusable(`lang must be one of ${languages.join(', ')}.`);
      if (tz !== undefined && !(typeof tz === 'string' && isTimeZone(tz))) throw unusable('tz must be a time zone, as Asia/Taipei.');
      if (!isBelow(back)) throw unusable('back must be a page of this console, as orders/o-1.');
      const chosen = { ...(language ? { language } : {}), ...(typeof tz === 'string' ? { timeZone: tz } : {}) };
      const headers = { 'set-cookie': preferenceCookies(chosen) };
      return wantsPage ? redirectReply(303, `${root}${back}`, headers) : jsonReply(200, chosen, headers);
    },
  },
];

/** Only a path below the mount: nobody is led to another site, nor to another page of the host. */
function isBelow(back: unknown): back is string {
  if (typeof back !== 'string' || back.length > 1_000 || !/^(?:[A-Za-z0-9][A-Za-z0-9/._~!$'()*+,;=:@%-]*)?(?:\?[\x21-\x7E]*)?$/.test(back))
    return false;
  const [path = ''] = back.split('?');
  return !path.includes('//') && !/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path) && !/^[a-z][a-z0-9+.-]*:/i.test(path);
}

function unusable(message: string): ConsoleProblem {
  return new ConsoleProblem(400, 'invalid_input', message);
}
