import { writeFileSync } from 'node:fs';
import { renderSwagger } from './swagger-document.ts';

writeFileSync(new URL('../swagger.yaml', import.meta.url), renderSwagger());
