// The English catalogue, by rooms. The pages take their words from here and nowhere else.
import { frame } from './en/frame.ts';
import { parts } from './en/parts.ts';
import { pictures } from './en/pictures.ts';

export const en: {
  readonly frame: typeof frame;
  readonly parts: typeof parts;
  readonly pictures: typeof pictures;
} = { frame, parts, pictures };
