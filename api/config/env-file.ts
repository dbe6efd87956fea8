import { nearestSetting, settingNames } from './setting-names.ts';

/** The content of an env file. Each error and warning starts with the line number. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** Ambiguous or invalid lines. */
  readonly faults: readonly string[];
  /** Lines that `docker --env-file`, Docker Compose and this service interpret differently. */
  readonly warnings: readonly string[];
}

/**
 * `dotenv`: this service reads the file according to the rules of dotenv (https://github.com/motdotla/dotenv#rules).
 * `docker`: `docker run --env-file` reads the file and keeps everything after the first `=`
 * (https://github.com/docker/cli/blob/master/pkg/kvfile/kvfile.go). Text that dotenv would strip is therefore an error.
 */
export type EnvFileReader = 'dotenv' | 'docker';

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** The line widths of `openssl base64` and `base64`. */
const wrapWidths = [64, 76];

/**
 * Returns the assignments, errors and warnings of an env file. Does not throw: text that is not UTF-8 and lines that
 * are not assignments are returned as errors. Errors and warnings contain no values.
 */
export function readEnvFile(bytes: Buffer, reader: EnvFileReader): EnvFile {
  const faults: string[] = [];
  const warnings: string[] = [];
  const values: Record<string, string> = {};
  const text = decode(bytes);
  if (text === undefined) return { values, faults: ['it is not UTF-8 text: save it as UTF-8'], warnings };
  let wrapped = false;
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const at = `line ${index + 1}`;
    const wasWrapped = wrapped;
    wrapped = false;
    if (/^\s*(#|$)/.test(line)) continue;
    const assignment = /^(\s*(?:export\s+)?)([^=]*?)(\s*)=(.*)$/s.exec(line);
    const [, before = '', key = '', blanks = '', raw = ''] = assignment ?? [];
    if (wasWrapped && /^[A-Za-z0-9+/]+={0,2}$/.test(line) && !settingNames.includes(key)) {
      faults.push(
        `${at} continues the value of the previous line, because base64 wraps long values: write the value on one line (base64 -w 0)`,
      );
      wrapped = wrapWidths.includes(line.length);
      continue;
    }
    if (assignment === null || !name.test(key)) {
      faults.push(`${at} is not an assignment: write NAME=value, or start the line with #`);
      continue;
    }
    const { value, fault, differs } = readValue(raw);
    if (fault !== undefined) {
      faults.push(`${at}, ${key}, ${fault}: write ${key}=value on one line`);
      continue;
    }
    wrapped = wrapWidths.includes(value.length) && /^[A-Za-z0-9+/]+$/.test(value);
    if (before !== '' || blanks !== '') differs.unshift('spaces or a word before the name or the =');
    if (differs.length > 0)
      (reader === 'docker' ? faults : warnings).push(
        `${at}, ${key}, has ${differs.join(' and ')}, which docker --env-file does not strip: write ${key}=value without them`,
      );
    if (value.includes('$'))
      warnings.push(`${at}, ${key}, contains a $, which Docker Compose expands but this service does not`);
    const nearest = nearestSetting(key);
    if (nearest !== undefined) warnings.push(`${at}, ${key}, is not a setting: did you mean ${nearest}?`);
    values[key] = reader === 'docker' ? raw : value;
  }
  return { values, faults, warnings };
}

/** Returns the text without its byte order mark; undefined if the bytes are not UTF-8 text. */
function decode(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

interface Value {
  readonly value: string;
  readonly fault?: string;
  /** The parts of the line that docker would include in the value. */
  readonly differs: string[];
}

function readValue(raw: string): Value {
  const trimmed = raw.trim();
  const differs = trimmed === raw ? [] : ['spaces around its value'];
  const quote = /^["'`]/.exec(trimmed)?.[0];
  if (quote === undefined) {
    const hash = trimmed.indexOf('#');
    if (hash === -1) return { value: trimmed, differs };
    return {
      value: trimmed.slice(0, hash).trim(),
      differs: [...differs, 'a # in its value, which starts a comment'],
    };
  }
  const end = trimmed.indexOf(quote, 1);
  if (end === -1) return { value: '', fault: 'has an unclosed quote', differs };
  const rest = trimmed.slice(end + 1).trim();
  if (rest !== '' && !rest.startsWith('#'))
    return { value: '', fault: 'has text after the closing quote', differs };
  const inner = trimmed.slice(1, end);
  const value = quote === '"' ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
  return { value, differs: [...differs, 'quotes around its value'] };
}
