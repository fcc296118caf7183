// The shapes that the events of a kind of stream have had, version by version: which version a new event is written in, and
// how a stored one is read. An event in the log is never rewritten; older shapes are lifted when they are read.
import * as z from 'zod';
import { LedgerError } from '../errors.ts';
import type { StoredEvent } from './event-store.ts';

interface Typed {
  readonly type: string;
  readonly data: object;
}

/**
 * The schemas of each event type, oldest first: the first is version 1. A new field makes a new version at the end, whose
 * schema holds the older shapes too, or an upcaster lifts them to it. A schema that a release has written is never changed.
 */
export type EventVersions<Event extends Typed> = {
  readonly [T in Event['type']]: readonly [...z.ZodType<object>[], z.ZodType<Extract<Event, { readonly type: T }>['data']>];
};

/** Turns an event's data of one version into data of the next. */
export type Upcaster = (data: unknown) => unknown;
/** Upcasters by event type, then by the version that they start from: `{ OrderPlaced: { 1: fromVersion1To2 } }`. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;

export type StoredShape = Pick<StoredEvent, 'stream' | 'revision' | 'type' | 'data' | 'metadata'>;

/** Reads and writes the shapes of one kind of stream. */
export interface EventReader<Event extends Typed> {
  /**
   * Gives a stored event in its newest shape.
   *
   * @throws LedgerError `file_newer`: a newer release wrote it, so its type or version is unknown here. `corrupt`: it has no
   *   version, or its data does not fit the schema.
   */
  read(stored: StoredShape): Event;
  /**
   * The version in which the event is written: the lowest one whose schema holds it. So a new field keeps an older release
   * from reading only the events that have it.
   *
   * @throws LedgerError `corrupt`: no schema holds it. Writing it would make its stream unreadable for ever.
   */
  versionOf(event: Event): number;
}

/** @param upcasters for the steps in which the newer schema does not hold the older shape. Default: none. */
export function eventReader<Event extends Typed>(versions: EventVersions<Event>, upcasters: Upcasters = {}): EventReader<Event> {
  const schemasOf = (type: string): readonly z.ZodType<object>[] => (Object.hasOwn(versions, type) ? versions[type as Event['type']] : []);

  return {
    read: ({ stream, revision, type, data, metadata }) => {
      const place = `${stream}@${revision} (${type})`;
      const schemas = schemasOf(type);
      const version = Number(metadata['version']);
      if (schemas.length === 0 || version > schemas.length) {
        throw new LedgerError('file_newer', `${place} was written by a newer release. Upgrade @paidonce/ledger`);
      }
      if (!Number.isInteger(version) || version < 1) throw new LedgerError('corrupt', `${place} has no schema version in its metadata`);
      let lifted: unknown = data;
      for (let step = version; step < schemas.length; step += 1) lifted = upcasters[type]?.[step]?.(lifted) ?? lifted;
      const parsed = schemas.at(-1)?.safeParse(lifted);
      if (parsed?.success) return { type, data: parsed.data } as Event;
      const why = parsed ? z.prettifyError(parsed.error) : '';
      throw new LedgerError('corrupt', `${place} is not what version ${version} looks like: ${why}`);
    },
    versionOf: ({ type, data }) => {
      const index = schemasOf(type).findIndex((schema) => schema.safeParse(data).success);
      if (index >= 0) return index + 1;
      const why = schemasOf(type).at(-1)?.safeParse(data).error;
      throw new LedgerError('corrupt', `${type} was not written: it could not be read again. ${why ? z.prettifyError(why) : ''}`);
    },
  };
}
