// The catalogue in Traditional Chinese (Taiwan). A space stands between Chinese and Latin script; marks are full-width.
import type { en } from './en.ts';
import { frame } from './zh-tw/frame.ts';
import { parts } from './zh-tw/parts.ts';

export const zhTW: typeof en = { frame, parts };
