/** Certificates that live as long as the data folder of a test cluster: an authority, a server on loopback, a client. Plain JavaScript. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';

/** Makes `tls/` in the data folder, unless it is there: ca.pem, server.keystore.pem, client.pem, client.key. */
export function makeCertificates(data) {
  const folder = join(data, 'tls');
  if (existsSync(folder)) return;
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  const file = (name) => join(fresh, name);
  selfSigned(file('ca'));
  signed({
    ca: file('ca'),
    as: file('server'),
    name: 'localhost',
    extensions: 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth',
  });
  signed({ ca: file('ca'), as: file('client'), name: 'client', extensions: 'extendedKeyUsage=clientAuth' });
  const keystore = readFileSync(file('server.key'), 'utf8') + readFileSync(file('server.pem'), 'utf8');
  writeFileSync(file('server.keystore.pem'), keystore, { mode: 0o600 });
  renameSync(fresh, folder);
}

function selfSigned(path) {
  key(path);
  openssl(['req', '-x509', '-new', '-key', `${path}.key`, '-subj', '/CN=kidjamo test authority', '-days', '30', '-out', `${path}.pem`]);
}

function signed({ ca, as, name, extensions }) {
  key(as);
  writeFileSync(`${as}.ext`, `${extensions}\n`);
  openssl(['req', '-new', '-key', `${as}.key`, '-subj', `/CN=${name}`, '-out', `${as}.csr`]);
  const authority = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
  openssl(['x509', '-req', '-in', `${as}.csr`, ...authority, '-days', '30', '-extfile', `${as}.ext`, '-out', `${as}.pem`]);
}

/** In PKCS#8, the only form the broker reads. */
function key(path) {
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${path}.key`]);
}

function openssl(args) {
  const made = spawnSync('openssl', args, { encoding: 'utf8' });
  if (made.error !== undefined)
    throw new Failure('There is no openssl to make certificates with. Remedy: install it (Debian: apt-get install openssl).');
  if (made.status !== 0) throw new Failure(`${made.stderr}\nopenssl ${args[0]} ended with ${made.status}. Remedy: see above.`);
}
