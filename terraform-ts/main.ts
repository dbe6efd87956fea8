import { App } from 'cdktf';
import { checkout } from './checkout';
import { readConfig } from './config';
import { ConfigError } from './environment';
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
