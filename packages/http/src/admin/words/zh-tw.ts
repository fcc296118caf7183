// The catalogue in Traditional Chinese (Taiwan). A space stands between Chinese and Latin script; marks are full-width.
import type { en } from './en.ts';
import { actions } from './zh-tw/actions.ts';
import { activity, runs } from './zh-tw/activity.ts';
import { find } from './zh-tw/find.ts';
import { frame } from './zh-tw/frame.ts';
import { health, preferences, problems } from './zh-tw/health.ts';
import { order } from './zh-tw/order.ts';
import { overview } from './zh-tw/overview.ts';
import { parts } from './zh-tw/parts.ts';
import { pictures } from './zh-tw/pictures.ts';
import { queues } from './zh-tw/queues.ts';
import { subscription } from './zh-tw/subscription.ts';

export const zhTW: typeof en = {
  actions,
  activity,
  find,
  frame,
  health,
  order,
  overview,
  parts,
  pictures,
  preferences,
  problems,
  queues,
  runs,
  subscription,
};
