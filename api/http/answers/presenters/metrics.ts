import type { BudgetState } from '../../../telemetry/budget-state.ts';
import type { ExpositionFormat, Labels, Metric } from '../../../telemetry/exposition.ts';
import { writeMetrics } from '../../../telemetry/exposition.ts';
import type { RuntimeMetrics } from '../../../telemetry/runtime-metrics.ts';
import type { RequestMetrics } from '../../logging/request-metrics.ts';
import type { StatusDeps } from './status.ts';

/** The sources of the metrics: those for `GET /status`, and the ones below. */
export interface MetricsDeps extends StatusDeps {
  readonly requestMetrics: RequestMetrics;
  readonly runtime: Pick<RuntimeMetrics, 'read'>;
  /** Returns the number of returned lists for each value of `how`. */
  readonly cacheReads: () => Readonly<Record<string, number>>;
  /** Returns the number of requests that were refused because too many were in progress, by limit. */
  readonly overload: () => Readonly<Record<string, number>>;
  /** Returns the number of request log lines that were replaced by a summary. */
  readonly suppressedLines: () => number;
  /** Returns the number of log lines that were dropped because the log was not writable. */
  readonly droppedLines: () => number;
}

/** Returns the metrics of the process in this format. */
export async function presentMetrics(deps: MetricsDeps, format: ExpositionFormat): Promise<string> {
  const { version, commit } = await deps.build();
  const { backend, region } = deps;
  return writeMetrics(
    [
      info('elb_inventory_build', 'Version and settings of the process.', {
        ...{ version, commit, backend, region },
      }),
      ...describeRequests(deps),
      ...describeAws(deps),
      ...describeBudgets(deps.budgets()),
      ...describeCache(deps),
      gauge(
        'elb_inventory_waiters',
        'Requests that are waiting for an instance to reach a state.',
        deps.waiters(),
      ),
      counter('elb_inventory_log_lines_suppressed', 'Request log lines replaced by a summary.', [
        [{}, deps.suppressedLines()],
      ]),
      counter('elb_inventory_log_lines_dropped', 'Log lines dropped while the log was not writable.', [
        [{}, deps.droppedLines()],
      ]),
      ...deps.runtime.read(),
    ],
    format,
  );
}

/** The names and labels follow https://opentelemetry.io/docs/specs/semconv/http/http-metrics/. */
function describeRequests({ requestMetrics, requests, overload }: MetricsDeps): Metric[] {
  return [
    {
      name: 'http_server_request_duration_seconds',
      type: 'histogram',
      help: 'Time from the arrival of a request until its response is closed.',
      series: [...requestMetrics.series].map(({ method, route, status, durations }) => [
        { http_request_method: method, http_route: route, http_response_status_code: status },
        durations,
      ]),
    },
    gauge('http_server_active_requests', 'Requests in progress, including this one.', requests().inFlight),
    counter(
      'elb_inventory_refused_credentials',
      'Requests rejected because of their credentials, by reason.',
      [...requestMetrics.refusedCredentials].map(([reason, count]) => [{ reason }, count]),
    ),
    counter(
      'elb_inventory_overload_refusals',
      'Requests refused because the requests, changes or waiters in progress had reached their maximum.',
      Object.entries(overload()).map(([limit, count]) => [{ limit }, count]),
    ),
  ];
}

function describeAws({ ledger }: MetricsDeps): Metric[] {
  const { reachable, working } = ledger;
  return [
    {
      name: 'elb_inventory_aws_call_duration_seconds',
      type: 'histogram',
      help: 'Duration of AWS calls, including all attempts and waits, by outcome: ok or the error code.',
      series: [...ledger.callDurations()].map(({ action, outcome, durations }) => [
        { action, outcome },
        durations,
      ]),
    },
    counter(
      'elb_inventory_aws_attempts',
      'AWS call attempts by outcome: ok, throttled or failed.',
      Object.entries(ledger.snapshot()).flatMap(([action, { spent, throttled, failed }]) => [
        [{ action, outcome: 'ok' }, spent - throttled - failed],
        [{ action, outcome: 'throttled' }, throttled],
        [{ action, outcome: 'failed' }, failed],
      ]),
    ),
    optionalGauge('elb_inventory_aws_reachable', 'Whether AWS responded to the last attempt.', reachable),
    optionalGauge('elb_inventory_aws_working', 'Whether AWS processed the last attempt.', working),
  ];
}

function describeBudgets(budgets: readonly BudgetState[]): Metric[] {
  return [
    {
      name: 'elb_inventory_call_budget_remaining',
      type: 'gauge',
      help: 'AWS calls that may be made immediately.',
      series: budgets.flatMap(({ name, left }) => (left === undefined ? [] : [[{ budget: name }, left]])),
    },
    {
      name: 'elb_inventory_call_budget_waiting',
      type: 'gauge',
      help: 'AWS calls that are waiting for the call budget.',
      series: budgets.map(({ name, waiting }) => [{ budget: name }, waiting]),
    },
    counter(
      'elb_inventory_calls_held_up',
      'AWS calls delayed or not made because of the call budget (us), or because AWS throttled or failed calls (aws).',
      budgets.flatMap(({ name, heldUpByUs, heldUpByAws }) => [
        [{ budget: name, by: 'us' }, heldUpByUs.calls],
        [{ budget: name, by: 'aws' }, heldUpByAws.calls],
      ]),
    ),
  ];
}

function describeCache({ picture, cacheReads, clock }: MetricsDeps): Metric[] {
  const { loadBalancers, asOf } = picture();
  return [
    gauge('elb_inventory_cache_load_balancers', 'Load balancers in the cache.', loadBalancers),
    gauge(
      'elb_inventory_cache_age_seconds',
      'Age of the cached region; absent before the first read.',
      asOf === -Infinity ? undefined : (clock.now() - asOf) / 1000,
    ),
    counter(
      'elb_inventory_cache_reads',
      'List responses by cache result: hit, stale (while AWS calls fail), or the reason for the AWS call.',
      Object.entries(cacheReads()).map(([result, count]) => [{ result }, count]),
    ),
  ];
}

function gauge(name: string, help: string, value: number | undefined): Metric {
  return { name, type: 'gauge', help, series: value === undefined ? [] : [[{}, value]] };
}

function optionalGauge(name: string, help: string, fact: boolean | undefined): Metric {
  return gauge(name, help, fact === undefined ? undefined : Number(fact));
}

function counter(name: string, help: string, series: Metric['series']): Metric {
  return { name, type: 'counter', help, series };
}

function info(name: string, help: string, labels: Labels): Metric {
  return { name, type: 'info', help, series: [[labels, 1]] };
}
