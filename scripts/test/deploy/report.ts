import type { Load, Tally } from './load.ts';

interface Row {
  readonly step: string;
  readonly sent?: number;
  readonly failed?: number;
  readonly seconds?: number;
  readonly note?: string;
}

const rows: Row[] = [];

/** Adds a figure without a load. */
export function addFigure(step: string, note: string): void {
  rows.push({ step, note });
}

/**
 * Does the work under load, adds a row, and returns the number of requests that were sent and that failed during the
 * work.
 */
export async function measured<T>(
  step: string,
  load: Load,
  work: () => Promise<T>,
): Promise<T & { tally: Tally }> {
  const { sent, failed, causes } = { ...load.tally, causes: new Map(load.tally.causes) };
  const startedAt = performance.now();
  const result = await work();
  const tally: Tally = {
    sent: load.tally.sent - sent,
    failed: load.tally.failed - failed,
    causes: new Map(
      [...load.tally.causes].map(([cause, count]) => [cause, count - (causes.get(cause) ?? 0)]),
    ),
  };
  rows.push({
    step,
    sent: tally.sent,
    failed: tally.failed,
    seconds: (performance.now() - startedAt) / 1000,
  });
  return { ...result, tally };
}

/** Returns the table of all rows. */
export function table(): string {
  const line = ({ step, sent, failed, seconds, note }: Row): string =>
    [
      step.padEnd(58),
      (sent?.toLocaleString('en') ?? '').padStart(9),
      (failed?.toLocaleString('en') ?? '').padStart(7),
      (seconds?.toFixed(1) ?? '').padStart(8),
      note ?? '',
    ]
      .join(' ')
      .trimEnd();
  return [
    `${'step'.padEnd(58)} ${'sent'.padStart(9)} ${'failed'.padStart(7)} ${'seconds'.padStart(8)}`,
    ...rows.map(line),
  ].join('\n');
}
