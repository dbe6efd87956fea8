import { readConfig } from '../config/config.ts';
import { VirtualClock } from './support/virtual-clock.ts';
import { warmUp } from '../warm-up.ts';

describe('warmUp', () => {
  it('makes all its calls successfully against a separate embedded AWS', () =>
    // A call to any other AWS endpoint would fail, because nothing listens on port 1.
    warmUp(
      readConfig(
        {
          AWS_BACKEND: 'aws',
          API_TOKEN: Buffer.from('a:b').toString('base64'),
          AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        },
        process.versions.node,
      ),
      new VirtualClock(),
    ));
});
