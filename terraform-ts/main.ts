import { App } from 'cdktf';
import { checkout } from './config/checkout';
import { readConfig } from './config/config';
import { ConfigError } from './config/environment';
import { ElbInventoryStack } from './stack';
import { refuseFormerFile, stackName } from './state';

try {
  const config = readConfig({ ...checkout(), ...process.env });
  refuseFormerFile(config, __dirname);
  const app = new App();
  new ElbInventoryStack(app, stackName(config), config);
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 78;
}
