import { isKept, limitOf, shown, type Figure } from '../promises/promise.ts';
import type { Run } from '../load/recorder.ts';
import { type Change, percent } from './compare.ts';
import { awsPlot, rampPlot, statusPlot, stepsPlot } from './plots.ts';
import type { Outcome, Report } from './report.ts';

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 960px; margin: 2rem auto; padding: 0 1rem }
  h1 { margin-bottom: 0 } h2 { margin: 2.5rem 0 .3rem } p { margin: .3rem 0 .8rem; max-width: 46rem }
  table { border-collapse: collapse; width: 100%; font-size: 14px } th { text-align: left }
  td, th { padding: .25rem .6rem; border-bottom: 1px solid #d5d9de; vertical-align: top }
  td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
  tr.part td { font-weight: 600; background: #f2f4f7 } tr.part span { font-weight: 400 }
  .kept { color: #00664a } .broken { color: #b3200f; font-weight: 700 }
  .verdict { padding: .6rem 1rem; border-left: 6px solid #00664a; background: #eef7f3; max-width: none }
  .verdict.bad { border-color: #b3200f; background: #fdf0ee }
  svg { max-width: 100%; height: auto }`;

/** Returns the report as a self-contained HTML page. */
export function page(report: Report, changes?: readonly Change[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Capacity of elb-inventory</title>
<style>${style}
</style>
</head>
<body>
<h1>Capacity of elb-inventory</h1>
${heading(report)}
${verdict(report)}
${plot('Throughput and latency by number of connections', 'At the knee, the throughput is high and the p99 latency is still low. To the left of the knee, additional connections increase the throughput; to the right, they only increase the latency.', stepsPlot(report))}
${plot('Latency while the number of users changes', 'The median, the 97.5th and the 99th percentile of each second.', rampPlot(report))}
${plot('AWS calls by request rate', 'One dot per run; throttled calls are included. Lists come from one cache of the region, so more requests do not cause more calls.', awsPlot(report))}
${plot('Responses by status', 'The sum of all runs of a scenario, on a logarithmic axis that shows even a single failure.', statusPlot(report))}
<h2>Figures and targets</h2>
${figures(report.outcomes)}
${changes === undefined ? '' : compared(changes)}
<h2>Runs</h2>
${runs(report.runs)}
<h2>How it was measured</h2>
<p>autocannon sends the load over keep-alive connections. Without a rate, each connection sends its next request after the
previous response, and latency covers the requests sent. With a rate, latency includes the requests that a slow response
delayed (coordinated omission). Latency covers only 2xx responses. The load and all servers share this machine, unless the service is
deployed elsewhere. A ratio compares two servers that were measured in turn.</p>
</body>
</html>
`;
}

function heading({ target, quick, startedAt, seconds, machine, versions, commit }: Report): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `<p>${escape(target)}. ${quick ? 'A --quick run' : 'A full run'} of ${Math.round(seconds)} s, started ${escape(startedAt)}, commit ${escape(commit)}.
${escape(machine.cpu)}, ${machine.cores} cores, ${machine.memoryGb} GB, ${escape(machine.system)}; ${escape(programs.join(', '))}.</p>`;
}

function verdict({ outcomes, ended }: Report): string {
  const promised = outcomes.flatMap(({ figures }) => figures).filter((figure) => limitOf(figure) !== '');
  const missed = promised.filter((figure) => !isKept(figure));
  const kept = `${promised.length - missed.length} of ${promised.length} targets met`;
  const which = missed.map(({ name }) => escape(name)).join('; ');
  const early = ended === undefined ? '' : ` The run ended early: ${escape(ended)}`;
  const bad = missed.length > 0 || ended !== undefined;
  return `<p class="verdict${bad ? ' bad' : ''}">${kept}.${which === '' ? '' : ` Missed: ${which}.`}${early}</p>`;
}

function plot(title: string, how: string, svg: string | undefined): string {
  return svg === undefined ? '' : `<h2>${title}</h2>\n<p>${how}</p>\n${svg}`;
}

function figures(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(
    ({ name, workload, promises, state, figures }) =>
      `<tr class="part"><td colspan="4">${escape(name)} <span>– ${escape(workload)}. Promises ${escape(promises)}.${note(state)}</span></td></tr>\n` +
      figures.map(figureRow).join('\n'),
  );
  return `<table><tr><th>figure</th><th></th><th>promise</th><th></th></tr>\n${rows.join('\n')}</table>`;
}

function note(state: Outcome['state']): string {
  if (state === 'skipped') return ' Skipped: it does not apply to this target.';
  return state === 'cut' ? ' Incomplete: it has no figures.' : '';
}

function figureRow(figure: Figure): string {
  const limit = limitOf(figure);
  const kept = isKept(figure);
  const word = limit === '' ? '' : kept ? 'kept' : 'MISSED';
  const name = figure.name.replace(/^[\w-]+: /, '');
  return `<tr><td>${escape(name)}</td><td class="n">${shown(figure.value)} ${escape(figure.unit)}</td><td>${limit}</td><td class="${kept ? 'kept' : 'broken'}">${word}</td></tr>`;
}

function compared(changes: readonly Change[]): string {
  const rows = changes.map((change) => {
    const { name, unit, before, now, dropped } = change;
    return `<tr><td>${escape(name)}</td><td class="n">${shown(before)} ${escape(unit)}</td><td class="n">${shown(now)} ${escape(unit)}</td><td class="n">${percent(change)}</td><td class="broken">${dropped ? 'DROPPED' : ''}</td></tr>`;
  });
  return `<h2>Compared with the earlier run</h2>\n<table><tr><th>figure</th><th>before</th><th>now</th><th></th><th></th></tr>\n${rows.join('\n')}</table>`;
}

function runs(all: readonly Run[]): string {
  const rows = all.map(
    ({ scenario, server, label, requests, goodPerSecond, failed, latency, rate, aws, cut }) => {
      const cells = [goodPerSecond, latency.mean, latency.p50, latency.p97_5, latency.p99, latency.max].map(
        shown,
      );
      const what = `${label}${rate === undefined ? '' : `, at ${Math.round(rate * 10) / 10} per second`}${cut === undefined ? '' : ' (cut)'}`;
      const calls = aws === undefined ? '' : shown(aws.callsPerSecond);
      return (
        `<tr><td>${escape(scenario)}</td><td>${server}</td><td>${escape(what)}</td>` +
        [shown(requests), shown(failed), ...cells, calls]
          .map((cell) => `<td class="n">${cell}</td>`)
          .join('') +
        '</tr>'
      );
    },
  );
  const heads = 'scenario|server|run|requests|failed|2xx/s|mean|p50|p97.5|p99|max, ms|AWS calls/s'.split('|');
  return `<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>\n${rows.join('\n')}</table>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
