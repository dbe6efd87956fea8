import { existsSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AppDeps, createApp } from './app.ts';
import { readBuildInfo } from './build-info.ts';
import { ClassicElbGateway } from './aws/classic-elb-gateway.ts';
import { type AwsClientOptions, type AwsClients, createAwsClients } from './aws/clients.ts';
import type { CredentialsFailure } from './aws/credentials-failure.ts';
import { KeyedLock } from './async/keyed-lock.ts';
import { checkSdkSettings } from './aws/check-settings.ts';
import type { Config } from './config/config.ts';
import { startEmbeddedAws } from './embedded-aws/server.ts';
import { ConfigError } from './errors.ts';
import { createControlSocket, type ControlSocket } from './http/server/control-socket.ts';
import { createHttpServer, type HttpServer } from './http/server/http-server.ts';
import { koaBasicAuthenticate, RememberedHeaders } from './http/middleware/basic-auth.ts';
import { ListAnswers } from './http/answers/list-answer.ts';
import { Admission } from './http/server/admission.ts';
import { GuessLimit } from './http/server/guess-limit.ts';
import { Pipeline } from './http/server/pipeline.ts';
import { fastPath, type FastPathDeps } from './http/server/fast-path.ts';
import { clientAddresses } from './http/logging/client-address.ts';
import { RequestLog } from './http/logging/request-log.ts';
import { RequestMetrics } from './http/logging/request-metrics.ts';
import type { DocsFiles } from './http/routes/docs.ts';
import { ChangeWaiter } from './load-balancers/changes/change-waiter.ts';
import { HealthService } from './load-balancers/health/health-service.ts';
import { HealthReader } from './load-balancers/health/health-reader.ts';
import { InServiceCounter } from './load-balancers/health/in-service-counter.ts';
import { Inventory } from './load-balancers/inventory/inventory.ts';
import { LastInServiceGuard } from './load-balancers/changes/last-in-service-guard.ts';
import { MembershipChanges } from './load-balancers/changes/membership-changes.ts';
import { checkReads } from './load-balancers/read-check.ts';
import { RecentChanges } from './load-balancers/health/recent-changes.ts';
import { HealthWaiter } from './load-balancers/health/health-waiter.ts';
import { AwsLedger } from './telemetry/aws-ledger.ts';
import type { AwsTrace } from './telemetry/aws-trace.ts';
import type { Logger } from './telemetry/logger.ts';
import { RuntimeMetrics } from './telemetry/runtime-metrics.ts';
import type { Tracer } from './telemetry/tracer.ts';
import { type Clock, systemClock } from './clock.ts';
import { warmUp } from './warm-up.ts';

export { readProfileRegion } from './aws/check-settings.ts';

export interface Service extends HttpServer {
  readonly control: ControlSocket | undefined;
  /** Replaces the accepted users. */
  accept(accepted: Config['accepted']): void;
}

/** Options with which tests run several services with a shared environment in one process. */
export interface ComposeOptions {
  /** The endpoint and credentials for AWS_BACKEND=aws. By default, the SDK determines them. */
  readonly aws?: Pick<AwsClientOptions, 'endpoint' | 'credentials'>;
  /** Whether to warm up the AWS client when the service starts to listen; true by default. */
  readonly warmUp?: boolean;
  readonly clock?: Clock;
  /** Returns the number of dropped log lines, for the metrics. The default function returns 0. */
  readonly droppedLines?: () => number;
}

/**
 * Returns the service for this configuration. The service does not listen yet. Throws a ConfigError if AWS_BACKEND=aws
 * has no credentials or the AWS SDK rejects its settings.
 */
export async function compose(
  config: Config,
  logger: Logger,
  options: ComposeOptions = {},
): Promise<Service> {
  const { clock = systemClock, droppedLines = () => 0 } = options;
  const { clients, closeAws } = await connectAws(config, logger, clock, options.aws);
  const ledger = new AwsLedger(clock);
  const tracer = await startTracer(config, logger);
  const gateway = new ClassicElbGateway(clients, ledger, config, clock, tracer);
  const inventory = new Inventory(gateway, logger, {
    region: config.region,
    maxAgeMs: config.inventoryMaxAgeMs,
    maxStaleMs: config.inventoryMaxStaleMs,
    deadlineMs: config.deadlineMs,
    refreshDeadlineMs: config.answerTimeoutMs,
    clock,
  });
  const startedAt = new Date(clock.epochMs());
  const closing = new AbortController();
  const { deadlineMs } = config;
  const recentChanges = new RecentChanges(clock);
  const healthReader = new HealthReader(gateway, recentChanges, inventory, deadlineMs, clock);
  const changes = new MembershipChanges({
    gateway,
    inventory,
    recentChanges,
    health: healthReader,
    lastInService: new LastInServiceGuard(healthReader, recentChanges, config.protectLastInService, clock),
    locks: new KeyedLock(),
    logger,
    clock,
  });
  const waiter = new HealthWaiter(healthReader, inventory, { ...config, closing: closing.signal, clock });
  const health = new HealthService(healthReader, inventory, recentChanges, clock);
  const addressOf = clientAddresses(config.trustedProxies);
  const requestLog = new RequestLog(logger, config.logMaxPerSecond, addressOf, clock);
  const requestMetrics = config.metrics ? new RequestMetrics() : undefined;
  const runtime = config.metrics ? new RuntimeMetrics(clock) : undefined;
  const admission = new Admission({
    requests: config.maxInFlight,
    changes: config.maxChanges,
    waiters: config.maxWaiters,
  });
  const pipeline = new Pipeline(requestLog, clock, {
    ...{ metrics: requestMetrics, tracer, addressOf, admission },
  });
  // This pipeline counts the requests on the control socket separately from those on the port, and does not limit them.
  const controlPipeline = new Pipeline(requestLog, clock);
  const callers = new RememberedHeaders(koaBasicAuthenticate(config.accepted), config.accepted.length);
  const status = {
    build: readBuildInfo,
    startedAt,
    backend: config.backend,
    region: config.region,
    ledger,
    budgets: () => gateway.budgets,
    picture: () => inventory.picture,
    requests: () => ({
      inFlight: pipeline.inFlight + controlPipeline.inFlight,
      answered: pipeline.answeredRequests,
      internalErrors: pipeline.internalErrors,
    }),
    waiters: () => waiter.waiters,
    clock,
  };
  const deps = {
    closing: closing.signal,
    logger,
    pipeline,
    lists: new ListAnswers(),
    callers,
    guesses: new GuessLimit(addressOf, clock),
    inventory,
    inService: new InServiceCounter(healthReader, clock),
    changes,
    health,
    waits: new ChangeWaiter({
      waiter,
      health,
      recentChanges,
      logger,
      clock,
      changes,
      deadlineMs,
    }),
    status,
    metrics: requestMetrics &&
      runtime && {
        ...{ ...status, requestMetrics, runtime, droppedLines },
        cacheReads: () => inventory.reads,
        suppressedLines: () => requestLog.suppressed,
        overload: () => admission.refused,
      },
    scrapers: new RememberedHeaders(
      koaBasicAuthenticate(config.acceptedScrapers),
      config.acceptedScrapers.length,
    ),
    deadlineMs,
    clock,
    redirectHttp: config.redirectHttp,
    docs: config.docs ? locateDocs() : undefined,
  };
  const controlDeps = {
    ...deps,
    pipeline: controlPipeline,
    dependencies: [{ name: 'aws', check: (trace: AwsTrace) => checkReads(gateway, trace) }],
  };
  const http = createHttpServer(listenerOf(deps), closing, clock);
  const control =
    config.controlSocket === undefined
      ? undefined
      : createControlSocket(config.controlSocket, listenerOf(controlDeps), logger);
  if (options.warmUp ?? true)
    (control ?? http).server.once('listening', () => {
      warmUp(config, clock).catch((err: unknown) => {
        logger.warn({ err }, 'warm-up failed; the first requests to AWS are slower');
      });
    });
  return {
    server: http.server,
    control,
    accept: (accepted) => {
      callers.replace(koaBasicAuthenticate(accepted), accepted.length);
    },
    close: async () => {
      await http.close();
      control?.close();
      requestLog.flush();
      logger.info({ calls: ledger.snapshot() }, 'AWS calls since startup');
      inventory.close();
      runtime?.close();
      await tracer?.close();
      await closeAws();
    },
  };
}

function listenerOf(deps: AppDeps & FastPathDeps): RequestListener {
  const application = createApp(deps).callback();
  return fastPath((request, response) => void application(request, response), deps);
}

/** Loads the OpenTelemetry SDK only if it is used. In a build, the SDK is in a separate bundle. */
async function startTracer({ tracing }: Config, logger: Logger): Promise<Tracer | undefined> {
  if (tracing === undefined) return undefined;
  const [{ OtlpTracer }, { version }] = await Promise.all([
    import('./telemetry/otlp-tracer.ts'),
    readBuildInfo(),
  ]);
  return new OtlpTracer(tracing, version, logger);
}

async function connectAws(
  config: Config,
  logger: Logger,
  clock: Clock,
  aws: ComposeOptions['aws'],
): Promise<{ clients: AwsClients; closeAws: () => Promise<void> }> {
  if (config.backend === 'aws') {
    const caBundle = config.caBundlePath && readFileSync(config.caBundlePath, 'utf8');
    const clients = createAwsClients({ ...config, caBundle, logger, clock, ...aws });
    await requireCredentials(clients);
    await requireSettings(clients);
    return { clients, closeAws: () => Promise.resolve() };
  }
  const embedded = await startEmbeddedAws({ region: config.region, clock });
  const credentials = { accessKeyId: 'embedded', secretAccessKey: 'embedded' };
  return {
    clients: createAwsClients({ ...config, endpoint: embedded.url, credentials, embedded: true, clock }),
    closeAws: () => embedded.close(),
  };
}

/** Makes the service exit at startup, instead of failing at the first request, if there are no credentials. */
async function requireCredentials(clients: AwsClients): Promise<void> {
  try {
    await clients.elb.config.credentials();
  } catch (cause) {
    const { message, problem } = cause as CredentialsFailure;
    const what =
      problem === undefined
        ? 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (in the environment or .env) ' +
          `or give the host an instance role (${message})`
        : message;
    throw new ConfigError([`No AWS credentials were found for AWS_BACKEND=aws: ${what}`]);
  }
}

/** An AWS profile also contains settings, and the SDK reports their errors only at the first request. */
async function requireSettings(clients: AwsClients): Promise<void> {
  try {
    await checkSdkSettings(clients);
  } catch (cause) {
    throw new ConfigError([
      `The AWS SDK cannot make a request with these settings (${(cause as Error).message}): check the AWS_ variables and the AWS profile`,
    ]);
  }
}

/** In a build, these files are in the build directory; in a checkout, they are in the repository and in node_modules. */
function locateDocs(): DocsFiles {
  const built = fileURLToPath(new URL('docs/', import.meta.url));
  if (existsSync(built)) return { swaggerYaml: join(built, 'swagger.yaml'), swaggerUi: built };
  return {
    swaggerYaml: fileURLToPath(new URL('../swagger.yaml', import.meta.url)),
    swaggerUi: dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')),
  };
}
