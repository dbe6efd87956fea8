import { settings, type Setting, type SettingName } from './settings';

export type Env = Readonly<Record<string, string | undefined>>;

/** Contains every error in a configuration: the setting and the problem. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The configuration has ${faults.length.toString()} error(s):\n  ${faults.join('\n  ')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads settings and collects errors instead of throwing. For an invalid setting, it returns the given text, which is
 * not used, because readConfig then throws.
 */
export class EnvironmentReader {
  readonly faults: string[] = [];
  constructor(private readonly env: Env) {}

  fault(field: SettingName, reason: string): void {
    this.faults.push(`${field}: ${reason}`);
  }

  /** Returns the trimmed value or the default, or undefined if there is neither. */
  optional(field: SettingName, pattern: RegExp, wanted: string): string | undefined {
    const setting: Setting = settings[field];
    const text = this.env[field]?.trim() || setting.value;
    if (text !== undefined && !pattern.test(text))
      this.fault(field, `${shown(text, setting)} is not ${wanted}`);
    this.refuseTemplate(field, text);
    return text;
  }

  text(field: SettingName, pattern: RegExp, wanted: string): string {
    const text = this.optional(field, pattern, wanted);
    if (text === undefined) this.fault(field, `is missing; set it to ${wanted}`);
    return text ?? '';
  }

  /** Returns the comma-separated entries, or undefined if the setting is unset. A duplicate entry is an error. */
  list(field: SettingName, pattern: RegExp, wanted: string): string[] | undefined {
    const setting: Setting = settings[field];
    const text = this.env[field]?.trim() || setting.value;
    if (!text) return undefined;
    this.refuseTemplate(field, text);
    const entries = text.split(',').map((entry) => entry.trim());
    for (const entry of entries) {
      if (!pattern.test(entry)) this.fault(field, `"${entry}" is not ${wanted}`);
    }
    const twice = entries.find((entry, at) => entries.indexOf(entry) !== at);
    if (twice !== undefined) this.fault(field, `"${twice}" is listed twice`);
    return entries;
  }

  integer(field: SettingName, min: number, max: number): number {
    const text = this.text(field, /^/, '');
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    this.fault(field, `"${text}" is not a whole number from ${min.toString()} to ${max.toString()}`);
    return NaN;
  }

  oneOf<T extends string>(field: SettingName, choices: readonly [T, ...T[]]): T {
    const text = this.text(field, /^/, '');
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) this.fault(field, `"${text}" is not one of ${choices.join(', ')}`);
    return chosen ?? choices[0];
  }

  given(field: SettingName): boolean {
    return Boolean(this.env[field]?.trim());
  }

  /** Terraform evaluates these sequences in every string in the JSON. */
  private refuseTemplate(field: SettingName, text = ''): void {
    if (/[$%]\{/.test(text))
      this.fault(field, 'contains ${ or %{, which Terraform would evaluate; write it without them');
  }

  /** Adds an error for each of these settings that is set, because it has no effect. */
  refuse(fields: readonly SettingName[], reason: string): void {
    for (const field of fields) {
      if (this.given(field)) this.fault(field, `has no effect ${reason}; remove it`);
    }
  }
}

/**
 * Returns the text for use in a message. Removes the credentials from a URL, and hides a value that could be the token
 * itself.
 */
function shown(text: string, { secret }: Setting): string {
  return secret === true
    ? 'the value (not shown)'
    : `"${text.replace(/\/\/[^/]*@/, '//…@').replace(/\?.*/, '?…')}"`;
}
