import * as echarts from 'echarts';
import { knee } from '../promises/knee.ts';
import type { Run } from '../load/recorder.ts';
import type { Report } from './report.ts';

type Option = echarts.EChartsOption;
type Line = echarts.LineSeriesOption;

const width = 920;
const ink = '#1b1f24';
const faint = '#d5d9de';
/** Colours that colour-blind readers can distinguish (Okabe and Ito, 2008). */
const colour = {
  service: '#0072b2',
  bare: '#6b6f76',
  naive: '#d55e00',
  p50: '#009e73',
  p97_5: '#e69f00',
  p99: '#cc3311',
};
const text = { color: ink, fontSize: 13, fontFamily: 'system-ui, sans-serif' };
const thousands = (value: number): string => value.toLocaleString('en');
const nameStyle = { ...text, fontWeight: 'bold' as const };

function svg(option: Option, height: number): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, textStyle: text, ...option });
  const drawn = chart.renderToSVGString();
  chart.dispose();
  return drawn;
}

function axis(type: 'log' | 'value', name: string, more: object = {}): object {
  return {
    type,
    name,
    nameTextStyle: nameStyle,
    axisLabel: { ...text, formatter: thousands },
    axisLine: { show: true, lineStyle: { color: ink } },
    splitLine: { lineStyle: { color: faint } },
    minorSplitLine: { show: false },
    ...more,
  };
}

const below = { nameLocation: 'middle', nameGap: 32 };
const legend = (top: number, data: string[]): object => ({
  top,
  left: 'center',
  itemGap: 24,
  textStyle: text,
  data,
});

function line(name: string, stroke: string, data: number[][], more: Line = {}): Line {
  return {
    type: 'line',
    name,
    data,
    symbolSize: 7,
    itemStyle: { color: stroke },
    lineStyle: { color: stroke, width: 2.5 },
    ...more,
  };
}

function ofSteps({ runs }: Report, server: Run['server']): Run[] {
  return runs.filter((run) => run.scenario === 'steps' && run.server === server && run.cut === undefined);
}

const percentiles = [
  ['p50', 'p50'],
  ['p97.5', 'p97_5'],
  ['p99', 'p99'],
] as const;

/**
 * Returns throughput and latency by number of connections, with the knee marked, or undefined if `steps` did not run.
 */
export function stepsPlot(report: Report): string | undefined {
  const [service, bare] = [ofSteps(report, 'service'), ofSteps(report, 'bare')];
  if (service.length === 0) return undefined;
  const bend = knee(service);
  const mark = (label: object): Line => ({
    markLine: {
      silent: true,
      symbol: 'none',
      lineStyle: { color: ink, type: 'dashed', width: 1.5 },
      label,
      data: bend === undefined ? [] : [{ xAxis: bend.connections }],
    },
  });
  const formatter = `knee: ${bend?.connections ?? 0} connections`;
  const lower = { xAxisIndex: 1, yAxisIndex: 1 };
  const rate = (runs: Run[]): number[][] => runs.map((run) => [run.connections, run.goodPerSecond]);
  const latency = (runs: Run[], key: 'p50' | 'p97_5' | 'p99'): number[][] =>
    runs.map((run) => [run.connections, run.latency[key]]);
  const dashed = { color: colour.bare, width: 2, type: 'dashed' } as const;
  const rates = [
    line(
      'service',
      colour.service,
      rate(service),
      mark({ ...text, position: 'end', distance: 6, formatter }),
    ),
    line('bare server', colour.bare, rate(bare), { symbol: 'rect' }),
  ].filter(hasData);
  const waits = [
    ...percentiles.map(([name, key]) => line(name, colour[key], latency(service, key), lower)),
    line('p99, bare server', colour.bare, latency(bare, 'p99'), {
      ...lower,
      symbol: 'rect',
      lineStyle: dashed,
    }),
  ].filter(hasData);
  Object.assign(waits[0] ?? {}, mark({ show: false }));
  const names = (series: Line[]): string[] => series.map(({ name }) => String(name));
  return svg(
    {
      legend: [legend(4, names(rates)), legend(330, names(waits))],
      grid: [
        { left: 80, right: 30, top: 60, height: 215 },
        { left: 80, right: 30, top: 385, height: 215 },
      ],
      xAxis: [axis('log', 'connections', below), axis('log', 'connections', { ...below, gridIndex: 1 })],
      yAxis: [axis('value', 'requests/s', { min: 0 }), axis('log', 'latency, ms', { gridIndex: 1 })],
      series: [...rates, ...waits],
    },
    655,
  );
}

function hasData({ data }: Line): boolean {
  return data !== undefined && data.length > 0;
}

/** Returns latency over time while the number of users changes, or undefined if `ramp` did not run. */
export function rampPlot({ runs }: Report): string | undefined {
  const samples = runs.find((run) => run.scenario === 'ramp')?.samples ?? [];
  if (samples.length === 0) return undefined;
  const answered = samples.filter(({ p50 }) => p50 > 0);
  const grey = '#9aa4b0';
  const users = samples.map(({ at, connections }) => [at, connections]);
  const area: Line = { step: 'end', yAxisIndex: 1, areaStyle: { color: grey, opacity: 0.18 } };
  return svg(
    {
      legend: legend(4, [...percentiles.map(([name]) => name), 'users']),
      grid: { left: 70, right: 80, top: 60, bottom: 55 },
      xAxis: axis('value', 'seconds since the start', { ...below, max: Math.ceil(samples.at(-1)?.at ?? 0) }),
      yAxis: [axis('log', 'latency, ms'), axis('value', 'users', { min: 0, splitLine: { show: false } })],
      series: [
        line('users', grey, users, { ...area, symbol: 'none', lineStyle: { color: grey, width: 1 } }),
        ...percentiles.map(([name, key]) => {
          const points = answered.map((sample) => [sample.at, sample[key]]);
          return line(name, colour[key], points, { symbol: 'none' });
        }),
      ],
    },
    400,
  );
}

const statusColours: Readonly<Record<string, string>> = {
  '200': '#009e73',
  '201': '#56b4e9',
  '503': '#e69f00',
  '500': '#d55e00',
  error: '#cc3311',
};

/** Returns the number of responses by status, scenario and server, on a logarithmic axis. */
export function statusPlot({ runs }: Report): string | undefined {
  const measured = runs.filter(({ server }) => server !== 'bare');
  if (measured.length === 0) return undefined;
  const nameOf = ({ scenario, server }: Run): string =>
    server === 'service' ? scenario : `${scenario}, ${server}`;
  const groups = [...new Set(measured.map(nameOf))].toReversed();
  const statuses = [...new Set(measured.flatMap((run) => Object.keys(run.statuses)))].toSorted();
  const count = (group: string, status: string): number =>
    measured
      .filter((run) => nameOf(run) === group)
      .reduce((sum, run) => sum + (run.statuses[status] ?? 0), 0);
  // On a logarithmic axis, a bar must start above zero. It starts at half a request.
  return svg(
    {
      legend: legend(4, statuses),
      grid: { left: 170, right: 90, top: 45, bottom: 55 },
      xAxis: axis('log', 'requests', {
        ...below,
        min: 0.5,
        axisLabel: { ...text, formatter: (value: number) => (value < 1 ? '' : thousands(value)) },
      }),
      yAxis: { type: 'category', data: groups, axisLabel: text, axisTick: { show: false } },
      series: statuses.map((status) => ({
        type: 'bar',
        name: status,
        barGap: '10%',
        barMaxWidth: 14,
        itemStyle: { color: statusColours[status] ?? '#7a4fa3' },
        label: {
          show: true,
          position: 'right',
          ...text,
          fontSize: 12,
          formatter: ({ value }: { value: unknown }) => thousands(Number(value)),
        },
        data: groups.map((group) => count(group, status) || '-'),
      })),
    },
    75 + groups.length * 44,
  );
}

/** Returns AWS calls by load, or undefined without the embedded AWS. */
export function awsPlot({ runs }: Report): string | undefined {
  // The rate of runs that take less than a second is not meaningful.
  const seen = runs.filter((run) => run.aws !== undefined && run.seconds >= 1);
  if (seen.length === 0) return undefined;
  const dots = (server: Run['server'], name: string, symbol: string): object => ({
    type: 'scatter',
    name,
    symbol,
    symbolSize: 11,
    itemStyle: { color: server === 'service' ? colour.service : colour.naive, opacity: 0.75 },
    data: seen
      .filter((run) => run.server === server && run.requestsPerSecond > 0 && run.aws?.calls !== 0)
      .map((run) => [run.requestsPerSecond, run.aws?.callsPerSecond]),
    ...(server === 'service' && {
      markLine: {
        silent: true,
        symbol: 'none',
        lineStyle: { color: ink, type: 'dashed' },
        label: {
          ...text,
          position: 'insideStartTop',
          formatter: 'AWS allows 10 calls to classic ELB per second',
        },
        data: [{ yAxis: 10 }],
      },
    }),
  });
  return svg(
    {
      legend: legend(4, ['service', 'naive service']),
      grid: { left: 70, right: 30, top: 60, bottom: 55 },
      xAxis: axis('log', 'answered requests/s', below),
      yAxis: axis('log', 'AWS calls/s'),
      series: [dots('service', 'service', 'circle'), dots('naive', 'naive service', 'diamond')],
    },
    380,
  );
}
