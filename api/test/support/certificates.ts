import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder } from './service.ts';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The path of the certificate. */
  readonly file: string;
}

/** Creates a self-signed certificate for an IP address or a host name. */
export function selfSigned(name = '127.0.0.1'): Certificate {
  const folder = emptyFolder();
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const alternative = /^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`;
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', file, '-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`],
    ],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file };
}
