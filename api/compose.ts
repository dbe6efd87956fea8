import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from './app.ts';
import { readBuildInfo } from './build-info.ts';
import { ClassicElbGateway } from './aws/classic-elb-gateway.ts';
import { type AwsClientOptions, type AwsClients, createAwsClients } from './aws/clients.ts';
import type { CredentialsFailure } from './aws/credentials-failure.ts';
import { checkSdkSettings } from './aws/check-settings.ts';
import type { Config } from './config/config.ts';
import { startEmbeddedAws } from './embedded-aws/server.ts';
import { ConfigError } from './errors.ts';
import { createControlSocket, type ControlSocket } from './http/control-socket.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { koaBasicAuthenticate, rememberVerified } from './http/middleware/basic-auth.ts';
import { ListAnswers } from './http/list-answer.ts';
import { Pipeline } from './http/pipeline.ts';
import { readyAnswer } from './http/ready-answer.ts';
import { RequestLog } from './http/request-log.ts';
import type { DocsFiles } from './http/routes/docs.ts';
import { ChangeWaits } from './load-balancers/change-waits.ts';
import { HealthBoard } from './load-balancers/health-board.ts';
import { HealthReads } from './load-balancers/health-reads.ts';
import { InServiceCounts } from './load-balancers/in-service-counts.ts';
import { Inventory } from './load-balancers/inventory.ts';
import { LastInService } from './load-balancers/last-in-service.ts';
import { LoadBalancerService } from './load-balancers/load-balancer-service.ts';
import { MembershipChanges } from './load-balancers/membership-changes.ts';
import { only } from './load-balancers/outcomes.ts';
import { RecentChanges } from './load-balancers/recent-changes.ts';
import { Waiting } from './load-balancers/waiting.ts';
import type { Authenticate } from './principals/principal.ts';
import { AwsLedger } from './telemetry/aws-ledger.ts';
import { startTrace } from './telemetry/aws-trace.ts';
import type { Logger } from './telemetry/logger.ts';
import { type Clock, systemClock } from './time.ts';
import { warmUp } from './warm-up.ts';

export { readProfileRegion } from './aws/check-settings.ts';

export interface Service extends HttpServer {
  readonly control: ControlSocket | undefined;
  /** Lets in these users from now on, and no others. */
  accept(accepted: Config['accepted']): void;
}

/** What tests set so that several services can run in one process, whose environment they share. */
export interface ComposeOptions {
  /** The endpoint and the credentials of AWS_BACKEND=aws; by default the SDK reads the process's environment. */
  readonly aws?: Pick<AwsClientOptions, 'endpoint' | 'credentials'>;
  /** Whether the AWS client is warmed up once the service listens; true by default. */
  readonly warmUp?: boolean;
  /** The clock of all that the service measures and waits for. */
  readonly clock?: Clock;
}

/**
 * Returns the service for this configuration, its parts put together. It does not listen yet.
 * Throws ConfigError where AWS_BACKEND=aws has no credentials.
 */
export async function compose(
  config: Config,
  logger: Logger,
  options: ComposeOptions = {},
): Promise<Service> {
  const { clock = systemClock } = options;
  const { clients, closeAws } = await connectAws(config, logger, clock, options.aws);
  const ledger = new AwsLedger(clock);
  const gateway = new ClassicElbGateway(clients, ledger, config, clock);
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
  const recent = new RecentChanges(clock);
  const healthReads = new HealthReads(gateway, recent, inventory, deadlineMs, clock);
  const changes = new MembershipChanges({
    gateway,
    inventory,
    changes: recent,
    health: healthReads,
    lastInService: new LastInService(healthReads, recent, config.protectLastInService, clock),
    logger,
    clock,
  });
  const waiting = new Waiting(healthReads, inventory, { ...config, closing: closing.signal, clock });
  const health = new HealthBoard(healthReads, inventory, recent, clock);
  const requestLog = new RequestLog(logger, config.logMaxPerSecond, clock);
  const pipeline = new Pipeline(requestLog, clock);
  let verify = verifierOf(config.accepted);
  const parts = {
    closing: closing.signal,
    logger,
    pipeline,
    lists: new ListAnswers(),
    authenticate: (authorization: string | undefined) => verify(authorization),
    service: new LoadBalancerService(inventory),
    inService: new InServiceCounts(healthReads, clock),
    changes,
    health,
    waits: new ChangeWaits({
      waiting,
      health,
      changes: recent,
      logger,
      clock,
      attach: async (elbName, instanceId, withinMs) => {
        const trace = startTrace(clock, Math.max(0, Math.floor(Math.min(deadlineMs, withinMs))));
        return only(await changes.attach(elbName, [instanceId], trace));
      },
    }),
    status: {
      build: readBuildInfo,
      startedAt,
      backend: config.backend,
      region: config.region,
      ledger,
      budgets: () => gateway.budgets,
      picture: () => inventory.picture,
      requestsInFlight: () => pipeline.inFlight,
      waiters: () => waiting.waiters,
      clock,
    },
    deadlineMs,
    clock,
    docs: config.docs ? locateDocs() : undefined,
  };
  const application = createApp(parts).callback();
  const listener = readyAnswer((request, response) => void application(request, response), parts);
  const http = createHttpServer(listener, closing);
  const control =
    config.controlSocket === undefined
      ? undefined
      : createControlSocket(config.controlSocket, listener, logger);
  if (options.warmUp ?? true)
    (control ?? http).server.once('listening', () => {
      warmUp(config).catch((err: unknown) => {
        logger.warn({ err }, 'the first read will be slow: the way to AWS could not be tried out beforehand');
      });
    });
  return {
    server: http.server,
    control,
    accept: (accepted) => {
      verify = verifierOf(accepted);
    },
    close: async () => {
      await http.close();
      control?.close();
      requestLog.flush();
      logger.info({ calls: ledger.snapshot() }, 'AWS was asked');
      inventory.close();
      await closeAws();
    },
  };
}

function verifierOf(accepted: Config['accepted']): Authenticate {
  return rememberVerified(koaBasicAuthenticate(accepted), accepted.length);
}

async function connectAws(
  config: Config,
  logger: Logger,
  clock: Clock,
  aws: ComposeOptions['aws'],
): Promise<{ clients: AwsClients; closeAws: () => Promise<void> }> {
  if (config.backend === 'aws') {
    const caBundle = readCaBundle(config.caBundlePath);
    const clients = createAwsClients({ ...config, caBundle, logger, clock, ...aws });
    await requireCredentials(clients);
    await requireSettings(clients);
    return { clients, closeAws: () => Promise.resolve() };
  }
  const embedded = await startEmbeddedAws({ region: config.region });
  const credentials = { accessKeyId: 'embedded', secretAccessKey: 'embedded' };
  return {
    clients: createAwsClients({ ...config, endpoint: embedded.url, credentials, amazonsOwn: false, clock }),
    closeAws: () => embedded.close(),
  };
}

function readCaBundle(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError([
      `AWS_CA_BUNDLE cannot be read (${code}): set it to a file of PEM certificates; it is "${path ?? ''}"`,
    ]);
  }
}

/** Without this, a service without credentials would look healthy and fail at its first request. */
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

/** Profiles have settings, too, and the SDK reports a fault of any of them at the first request only. */
async function requireSettings(clients: AwsClients): Promise<void> {
  try {
    await checkSdkSettings(clients);
  } catch (cause) {
    throw new ConfigError([
      `The AWS SDK cannot make a request as it is configured (${(cause as Error).message}): check the AWS_ variables and the AWS profile`,
    ]);
  }
}

/** A build has the files beside it; a checkout has them where npm and git put them. */
function locateDocs(): DocsFiles {
  const beside = fileURLToPath(new URL('docs/', import.meta.url));
  if (existsSync(beside)) return { swaggerYaml: join(beside, 'swagger.yaml'), swaggerUi: beside };
  return {
    swaggerYaml: fileURLToPath(new URL('../swagger.yaml', import.meta.url)),
    swaggerUi: dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')),
  };
}
