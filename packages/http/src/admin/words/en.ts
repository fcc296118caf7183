// The English catalogue, by rooms. The pages take their words from here and nowhere else.
import { actions } from './en/actions.ts';
import { activity, runs } from './en/activity.ts';
import { find } from './en/find.ts';
import { frame } from './en/frame.ts';
import { health, preferences, problems } from './en/health.ts';
import { order } from './en/order.ts';
import { overview } from './en/overview.ts';
import { parts } from './en/parts.ts';
import { pictures } from './en/pictures.ts';
import { queues } from './en/queues.ts';
import { subscription } from './en/subscription.ts';

export const en: {
  readonly actions: typeof actions;
  readonly activity: typeof activity;
  readonly find: typeof find;
  readonly frame: typeof frame;
  readonly health: typeof health;
  readonly order: typeof order;
  readonly overview: typeof overview;
  readonly parts: typeof parts;
  readonly pictures: typeof pictures;
  readonly preferences: typeof preferences;
  readonly problems: typeof problems;
  readonly queues: typeof queues;
  readonly runs: typeof runs;
  readonly subscription: typeof subscription;
} = { actions, activity, find, frame, health, order, overview, parts, pictures, preferences, problems, queues, runs, subscription };
