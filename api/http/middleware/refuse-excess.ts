import type { AppMiddleware } from '../context.ts';
import type { Admission } from '../server/admission.ts';

/** Throws `overloaded` for requests above MAX_IN_FLIGHT. */
export function refuseExcess(admission: Admission): AppMiddleware {
  return (ctx, next) => {
    if (!ctx.state.admitted) throw admission.refusal('requests');
    return next();
  };
}
