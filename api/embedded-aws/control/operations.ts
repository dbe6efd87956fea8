import { DRAINING, FORMER_MEMBERS, type Behaviour } from '../region/undocumented-behaviour.ts';
import type { CallLog } from '../call-log.ts';
import {
  anyString,
  ControlError,
  flag,
  listOf,
  numberFrom,
  objectOf,
  on,
  oneOf,
  onOrCode,
  nonEmptyString,
  wholeFrom,
  type Reader,
} from './input.ts';
import type { Cut, Fault, Faults, Replacement } from '../faults.ts';
import { STATE_CODES, type InstanceChange, type InstanceState } from '../region/instance.ts';
import type { HealthCheck, LoadBalancerChange } from '../region/load-balancer-spec.ts';
import type { Region } from '../region/region.ts';

export interface ControlDeps {
  readonly region: Region;
  readonly faults: Faults;
  readonly calls: CallLog;
}

const DAY = 86_400;

const faultList: Reader<{ faults?: Fault[] }> = objectOf({
  faults: listOf(
    objectOf<Fault>({
      actions: listOf(nonEmptyString),
      service: oneOf('elb', 'ec2'),
      count: wholeFrom(1, 1e9),
      latencyMs: numberFrom(0, 600_000),
      answerLatencyMs: numberFrom(0, 600_000),
      throttle: onOrCode,
      status: wholeFrom(500, 599),
      reset: on,
      resetAfter: on,
      silent: on,
      cut: objectOf<Cut>({ at: numberFrom(0, 1e9), by: oneOf('close', 'reset', 'stall'), then: anyString }),
      replace: objectOf<Replacement>({
        status: wholeFrom(200, 599),
        contentType: nonEmptyString,
        body: anyString,
        made: on,
      }),
      refuse: onOrCode,
    }),
  ),
});

const clockChange: Reader<{ advanceSeconds?: number; speed?: number }> = objectOf({
  advanceSeconds: numberFrom(0, 3650 * DAY),
  speed: numberFrom(0, DAY),
});

const instanceChange: Reader<InstanceChange> = objectOf<InstanceChange>({
  check: oneOf('passing', 'failing'),
  state: oneOf(...(Object.keys(STATE_CODES) as InstanceState[])),
  forgotten: flag,
  instanceType: nonEmptyString,
});

const behaviourChange: Reader<Partial<Behaviour>> = objectOf<Partial<Behaviour>>({
  draining: oneOf(...DRAINING),
  listDraining: flag,
  registrationLag: numberFrom(0, DAY),
  formerMembers: oneOf(...FORMER_MEMBERS),
});

/** The limits are from the Classic Load Balancer user guide, health checks and connection draining. */
const loadBalancerChange: Reader<LoadBalancerChange> = objectOf<LoadBalancerChange>({
  instances: listOf(nonEmptyString),
  vpcId: nonEmptyString,
  availabilityZones: listOf(nonEmptyString),
  healthCheck: objectOf<Partial<HealthCheck>>({
    target: nonEmptyString,
    interval: wholeFrom(5, 300),
    timeout: wholeFrom(2, 60),
    unhealthyThreshold: wholeFrom(2, 10),
    healthyThreshold: wholeFrom(2, 10),
  }),
  connectionDraining: objectOf({ enabled: flag, timeout: wholeFrom(1, 3600) }),
  behaviour: behaviourChange,
});

/** Performs a control request and returns the JSON response. */
export type Operation = (deps: ControlDeps, input: unknown, name: string) => unknown;

/** Operations by path below /_control and by HTTP method; `*` matches one name. */
export const RESOURCES: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/calls': {
    GET: ({ calls }) => calls.counts(),
    DELETE: ({ calls }) => {
      calls.reset();
      return calls.counts();
    },
  },
  '/faults': {
    GET: ({ faults }) => ({ faults: faults.list() }),
    PUT: ({ faults }, input) => {
      const wanted = faultList(input, 'body').faults;
      if (!wanted) throw new ControlError('body.faults must be a list; [] removes all faults.');
      faults.set(wanted);
      return { faults: faults.list() };
    },
    DELETE: ({ faults }) => {
      faults.clear();
      return { faults: [] };
    },
  },
  '/clock': {
    GET: ({ region }) => clockOf(region),
    POST: ({ region }, input) => {
      const { advanceSeconds, speed } = clockChange(input, 'body');
      if (speed !== undefined) region.clock.setSpeed(speed);
      if (advanceSeconds !== undefined) region.clock.advance(advanceSeconds);
      return clockOf(region);
    },
  },
  '/behaviour': {
    GET: ({ region }) => region.behaviour,
    PUT: ({ region }, input) => {
      region.changeBehaviour(behaviourChange(input, 'body'));
      return region.behaviour;
    },
  },
  '/instances': { GET: ({ region }) => ({ instances: region.instances() }) },
  '/instances/*': {
    GET: ({ region }, _input, id) => instanceOf(region, id),
    PUT: ({ region }, input, id) => region.changeInstance(id, instanceChange(input, 'body')),
  },
  '/health/*': { GET: ({ region }, _input, name) => ({ health: region.loadBalancer(name).health() }) },
  '/load-balancers': {
    GET: ({ region }) => ({
      loadBalancers: region.loadBalancers().map(({ spec }) => membership(region, spec.name)),
    }),
  },
  '/load-balancers/*': {
    GET: ({ region }, _input, name) => membership(region, name),
    PUT: ({ region }, input, name) => {
      region.changeLoadBalancer(name, loadBalancerChange(input, 'body'));
      return membership(region, name);
    },
    DELETE: ({ region }, _input, name) => {
      region.deleteLoadBalancer(name);
      return { deleted: name };
    },
  },
};

function clockOf({ clock }: Region): object {
  return { now: new Date(clock.now()).toISOString(), speed: clock.speed };
}

function membership(region: Region, name: string): object {
  const { spec, draining } = region.loadBalancer(name);
  const { vpcId, availabilityZones } = spec;
  return { name, vpcId, availabilityZones, instances: region.members(name), draining };
}

function instanceOf(region: Region, id: string): object {
  const instance = region.instance(id);
  if (instance) return instance;
  throw new ControlError(`There is no instance '${id}'.`, 404);
}
