/** Which addresses may be called: https, or plain http on the machine itself and where the operator says so. */

import { KidjamoError } from '@kidjamo/stream';

/** Exceptions that an operator makes. */
export interface EndpointRules {
  /** Hosts that may be called without TLS, besides loopback. */
  readonly plainHosts?: readonly string[];
  /** Where given, no other hosts may be called. `*.example.org` stands for every host below `example.org`. */
  readonly hosts?: readonly string[];
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** Whether a host is this machine, as far as its name tells. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.toLowerCase());
}

/** The URL, or why it may not be called. The reason does not quote it: an address is personal data, and may hold a secret. */
export function readEndpoint(text: string, rules: EndpointRules = {}): URL | string {
  if (!URL.canParse(text)) return 'the address is not a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'the address holds a user name or a password';
  if (rules.hosts !== undefined && !rules.hosts.some((pattern) => matches(url.hostname, pattern))) {
    return 'the host of the address is not among those that may be called';
  }
  if (url.protocol === 'https:') return url;
  const plain = url.protocol === 'http:' && (isLoopback(url.hostname) || rules.plainHosts?.includes(url.hostname) === true);
  return plain ? url : 'the address is not https';
}

/** The URL of a setting. @throws KidjamoError CONFIG_INVALID when it may not be called. */
export function requireEndpoint(setting: string, text: string, rules: EndpointRules = {}): URL {
  const url = readEndpoint(text, rules);
  if (typeof url === 'string') throw new KidjamoError('CONFIG_INVALID', `${setting}: ${url}. Remedy: an https address, or allow its host`);
  return url;
}

function matches(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
