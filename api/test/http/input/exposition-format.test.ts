import assert from 'node:assert/strict';
import { readExpositionFormat } from '../../../http/input/exposition-format.ts';

const ofPrometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const ofPrometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const withoutOpenMetrics =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;q=0.6,text/plain;q=0.5';

describe('readExpositionFormat', () => {
  for (const [accept, expected] of [
    ['', 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/html,*/*;q=0.8', 'prometheus'],
    ['text/plain;version=0.0.4', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['application/openmetrics-text;q=0.4, text/plain;q=0.5', 'prometheus'],
    ['application/openmetrics-text;q=x', 'prometheus'],
    [withoutOpenMetrics, 'prometheus'],
    ['application/openmetrics-text', 'openmetrics'],
    ['APPLICATION/OpenMetrics-Text; Version=1.0.0', 'openmetrics'],
    [ofPrometheus2, 'openmetrics'],
    [ofPrometheus3, 'openmetrics'],
  ] as const)
    it(`returns ${expected} for "${accept}"`, () => {
      assert.equal(readExpositionFormat(accept), expected);
    });
});
