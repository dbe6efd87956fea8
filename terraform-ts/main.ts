import { App } from 'cdktf';
import { checkout } from './config/checkout';
import { readConfig } from './config/config';
import { ConfigError } from './config/environment';
import { ElbInventoryStack } from './stack';

try {
  const app = new App();
  new ElbInventoryStack(app, 'elb-inventory', readConfig({ ...checkout(), ...process.env }));
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 78;
}
