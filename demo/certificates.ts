// An own certificate authority for one machine: what `npm start`, the demo cluster and the tests serve TLS with.
// ECDSA P-256 by WebCrypto. In: names. Out: PEM. No I/O.

// @peculiar/x509 resolves its parts by decorators and wants this loaded before it.
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
/** Clocks of two machines differ; a certificate is valid a little before it was made. */
const BACKDATE_MS = 5 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

/** A certificate and its private key (PKCS#8), both PEM. */
export interface KeyPairPem {
  readonly cert: string
  readonly key: string
}

async function exportKey(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

function importKey(pem: string): Promise<CryptoKey> {
  const [der] = PemConverter.decode(pem)
  if (der === undefined) throw new Error('the file holds no private key')
  return crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
}

function serial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes a certificate authority, valid for ten years. */
export async function makeAuthority(commonName: string, now = Date.now()): Promise<KeyPairPem> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${commonName}`,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + 3650 * DAY_MS),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/** Signs a certificate for a server or a client. `names` are DNS names and IP addresses; `days` is how long it is valid. */
export async function issueCertificate(
  authority: KeyPairPem,
  subject: {
    readonly commonName: string
    readonly organizations?: readonly string[]
    readonly names: readonly string[]
  },
  options: { readonly days?: number; readonly now?: number } = {},
): Promise<KeyPairPem> {
  const now = options.now ?? Date.now()
  const issuer = new X509Certificate(authority.cert)
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [...(subject.organizations ?? []).map((name) => ({ O: [name] })), { CN: [subject.commonName] }],
    issuer: issuer.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + (options.days ?? 397) * DAY_MS),
    signingAlgorithm: SIGNING,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(
        subject.names.map((name) => ({
          type: /^[0-9.]+$|:/.test(name) ? ('ip' as const) : ('dns' as const),
          value: name,
        })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return { cert: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/** When a certificate ends, in milliseconds since the epoch. @throws when the text is no certificate */
export function expiryOf(cert: string): number {
  return new X509Certificate(cert).notAfter.getTime()
}

/** An authority and one certificate of a local server, for what lives no longer than a process. The authority's key is dropped. */
export async function makeServer(
  commonName: string,
  names: readonly string[],
): Promise<KeyPairPem & { readonly ca: string }> {
  const authority = await makeAuthority(`${commonName} CA`)
  return { ...(await issueCertificate(authority, { commonName, names })), ca: authority.cert }
}
