import { nearestSetting, settingNames } from './setting-names.ts';

/** What an env file says: its assignments, and what is wrong or not alike for all readers, by line. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** Lines that cannot be read without a guess. */
  readonly faults: readonly string[];
  /** Lines that `docker --env-file`, compose and this service read differently. */
  readonly warnings: readonly string[];
}

/**
 * `dotenv`: the service reads the file itself, by the rules of dotenv (https://github.com/motdotla/dotenv#rules).
 * `docker`: `docker run --env-file` does, which keeps all that is behind the first `=`
 * (https://github.com/docker/cli/blob/master/pkg/kvfile/kvfile.go): what dotenv would strip is a fault.
 */
export type EnvFileReader = 'dotenv' | 'docker';

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** The widths at which `base64` and `openssl base64` wrap their lines. */
const wrapWidths = [64, 76];

/**
 * Reads an env file. It throws nothing: UTF-16, bytes that are not UTF-8, and
 * lines that are no assignment are faults. Faults and warnings name line and variable, and never a value.
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
        `${at} continues the value above it, as base64 wraps long ones: write it in one line (base64 -w 0)`,
      );
      wrapped = wrapWidths.includes(line.length);
      continue;
    }
    if (assignment === null || !name.test(key)) {
      faults.push(`${at} is no assignment: write NAME=value, or put # before it`);
      continue;
    }
    const { value, fault, differs } = readValue(raw);
    if (fault !== undefined) {
      faults.push(`${at}, ${key}, ${fault}: write ${key}=value in one line`);
      continue;
    }
    wrapped = wrapWidths.includes(value.length) && /^[A-Za-z0-9+/]+$/.test(value);
    if (before !== '' || blanks !== '') differs.unshift('blanks or a word before the name or the =');
    if (differs.length > 0)
      (reader === 'docker' ? faults : warnings).push(
        `${at}, ${key}, has ${differs.join(' and ')}, which docker --env-file does not strip: write ${key}=value without`,
      );
    if (value.includes('$'))
      warnings.push(`${at}, ${key}, has a $, which docker compose replaces: it is kept here`);
    const nearest = nearestSetting(key);
    if (nearest !== undefined) warnings.push(`${at}, ${key}, is no setting: is ${nearest} meant?`);
    values[key] = reader === 'docker' ? raw : value;
  }
  return { values, faults, warnings };
}

/** Returns the text without its byte order mark; undefined for UTF-16 and other bytes that are not UTF-8 text. */
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
  /** What docker would keep as part of the value. */
  readonly differs: string[];
}

function readValue(raw: string): Value {
  const trimmed = raw.trim();
  const differs = trimmed === raw ? [] : ['blanks around its value'];
  const quote = /^["'`]/.exec(trimmed)?.[0];
  if (quote === undefined) {
    const hash = trimmed.indexOf('#');
    if (hash === -1) return { value: trimmed, differs };
    return {
      value: trimmed.slice(0, hash).trim(),
      differs: [...differs, 'a # in its value, which begins a comment'],
    };
  }
  const end = trimmed.indexOf(quote, 1);
  if (end === -1) return { value: '', fault: 'has a quote that does not end', differs };
  const rest = trimmed.slice(end + 1).trim();
  if (rest !== '' && !rest.startsWith('#'))
    return { value: '', fault: 'has text behind its quotes', differs };
  const inner = trimmed.slice(1, end);
  const value = quote === '"' ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
  return { value, differs: [...differs, 'quotes around its value'] };
}
