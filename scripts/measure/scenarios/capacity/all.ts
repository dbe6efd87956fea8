import type { Scenario } from '../../lab/session.ts';
import { cold } from './cold.ts';
import { crowd } from './crowd.ts';
import { health } from './health.ts';
import { manyElbs } from './many-elbs.ts';
import { mixed } from './mixed.ts';
import { ramp } from './ramp.ts';
import { seed } from './seed.ts';
import { steps } from './steps.ts';
import { throttledAws } from './throttled-aws.ts';

/** The scenarios in the order in which they run. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  seed,
  health,
  steps,
  ramp,
  crowd,
  mixed,
  cold,
  'throttled-aws': throttledAws,
  'many-elbs': manyElbs,
};
