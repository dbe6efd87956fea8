import { editDistance } from '../edit-distance.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The settings of this service. */
export const ownNames = words(`
  API_TOKEN API_TOKEN_FILE AWS_BACKEND AWS_REGION AWS_DEFAULT_REGION HOST PORT REUSE_PORT CONTROL_SOCKET
  DOCS REDIRECT_HTTP TRUSTED_PROXIES METRICS METRICS_TOKEN LOG_LEVEL LOG_MAX_PER_SECOND INVENTORY_MAX_AGE_MS INVENTORY_MAX_STALE_MS
  AWS_ELB_READS_PER_SECOND AWS_EC2_READS_PER_SECOND PROTECT_LAST_IN_SERVICE AWS_DEADLINE_MS
  AWS_CONNECT_TIMEOUT_MS AWS_ANSWER_TIMEOUT_MS AWS_MAX_ATTEMPTS NODE_ENV AWS_CREDENTIALS_TIMEOUT_MS
  OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_HEADERS OTEL_SERVICE_NAME OTEL_TRACES_SAMPLER_ARG
`);

/**
 * The settings of the AWS SDK, Node.js and proxies
 * (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html).
 */
const sdkNames = words(`
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_ENDPOINT_URL
  AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING AWS_ENDPOINT_URL_EC2 AWS_IGNORE_CONFIGURED_ENDPOINT_URLS
  AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT AWS_RETRY_MODE AWS_DEFAULTS_MODE AWS_CA_BUNDLE
  AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_WEB_IDENTITY_TOKEN_FILE
  AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
  AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_EC2_METADATA_DISABLED
  AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE AWS_EC2_METADATA_V1_DISABLED
  AWS_ACCOUNT_ID AWS_ACCOUNT_ID_ENDPOINT_MODE AWS_SDK_UA_APP_ID HTTPS_PROXY HTTP_PROXY NO_PROXY https_proxy
  http_proxy no_proxy NODE_EXTRA_CA_CERTS
`);

export const settingNames: readonly string[] = [...ownNames, ...sdkNames];

/**
 * Returns the setting whose name is most similar to a misspelled name, such as AWS_REGION for AWS_REGOIN. Returns
 * undefined if no setting has a similar name.
 */
export function nearestSetting(name: string): string | undefined {
  if (settingNames.includes(name)) return undefined;
  const upper = name.toUpperCase();
  return settingNames.find(
    (known) => editDistance(upper, known) <= (known.length < 5 ? 0 : known.length < 8 ? 1 : 2),
  );
}
