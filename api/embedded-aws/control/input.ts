/** Invalid control input, with the HTTP status of the response. */
export class ControlError extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Validates a JSON value. `path` identifies the value in errors. @throws ControlError */
export type Reader<T> = (value: unknown, path: string) => T;

/** Returns a reader that accepts the values for which `is` returns true. */
function reader<T>(accepts: string, is: (value: unknown) => boolean): Reader<T> {
  return (value, path) => {
    if (is(value)) return value as T;
    throw new ControlError(`${path} must be ${accepts}, not ${JSON.stringify(value)}.`);
  };
}

export const nonEmptyString = reader<string>(
  'a string',
  (value) => typeof value === 'string' && value !== '',
);
export const anyString = reader<string>('a string', (value) => typeof value === 'string');
export const flag = reader<boolean>('true or false', (value) => typeof value === 'boolean');
/** Accepts only `true`. A switch is off if it is absent. */
export const on = reader<true>('true', (value) => value === true);
/** Accepts `true` or an AWS error code. */
export const onOrCode = reader<true | string>(
  'true or an AWS error code',
  (value) => value === true || (typeof value === 'string' && value !== ''),
);

export function oneOf<const T extends string>(...options: readonly T[]): Reader<T> {
  const accepts = options.map((option) => `"${option}"`).join(' or ');
  return reader(accepts, (value) => options.some((option) => option === value));
}

export function numberFrom(low: number, high: number): Reader<number> {
  return reader(`a number from ${low} to ${high}`, (value) => {
    return typeof value === 'number' && value >= low && value <= high;
  });
}

export function wholeFrom(low: number, high: number): Reader<number> {
  return reader(`a whole number from ${low} to ${high}`, (value) => {
    return Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
  });
}

export function listOf<T>(entry: Reader<T>): Reader<T[]> {
  return (value, path) => {
    if (Array.isArray(value)) return value.map((item: unknown, n) => entry(item, `${path}[${n}]`));
    throw new ControlError(`${path} must be a list, not ${JSON.stringify(value)}.`);
  };
}

/** Returns a reader that accepts an object with only the given fields, all of which are optional. */
export function objectOf<T extends object>(fields: {
  readonly [K in keyof T]-?: Reader<NonNullable<T[K]>>;
}): Reader<T> {
  return (value, path) => {
    const names = Object.keys(fields).join(', ');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ControlError(`${path} must be an object with any of: ${names}.`);
    }
    const entries = Object.entries(value).map(([name, field]: [string, unknown]) => {
      if (!Object.hasOwn(fields, name))
        throw new ControlError(`${path} has no field "${name}"; the fields are: ${names}.`);
      return [name, fields[name as keyof T](field, `${path}.${name}`)];
    });
    return Object.fromEntries(entries) as T;
  };
}
