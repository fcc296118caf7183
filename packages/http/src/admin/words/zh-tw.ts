// The catalogue in Traditional Chinese (Taiwan). A space stands between Chinese and Latin script; marks are full-width.
import type { en } from './en.ts';
import { frame } from './zh-tw/frame.ts';
import { parts } from './zh-tw/parts.ts';
import { pictures } from './zh-tw/pictures.ts';

export const zhTW: typeof en = { frame, parts, pictures };
