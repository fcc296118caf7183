// Which sources reported each fact of an order.
import type { Source } from '../observation.ts';
import { itemNamed, withItem } from './sorted-list.ts';

export interface FactReports {
  /** The `factContentKey` of the fact. */
  readonly fact: string;
  /** The first to report it stands first. */
  readonly sources: readonly Source[];
}

const factOf = ({ fact }: FactReports): string => fact;

/** The reports with one more. They stay sorted by `fact`. */
export function withReport(reports: readonly FactReports[], fact: string, source: Source): readonly FactReports[] {
  return withItem(reports, { fact, sources: [...(sourcesOf({ reports }, fact) ?? []), source] }, factOf);
}

/** The sources that reported the fact of this `factContentKey`, first one first. Undefined: none has. */
export function sourcesOf({ reports }: { readonly reports: readonly FactReports[] }, fact: string): readonly Source[] | undefined {
  return itemNamed(reports, fact, factOf)?.sources;
}
