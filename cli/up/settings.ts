// The settings files of the parts that `sallyport up` starts. In: addresses, keys. Out: JSON text. No I/O.

import { PEOPLE } from '../../demo/oidc/people.ts'
import type { DemoOidcSettings } from '../../demo/oidc/settings.ts'
import type { Secrets, Tls } from './identity.ts'

/** `aud` of the identity provider's tokens for machines. */
const AUDIENCE = 'sallyport'
const APP_CLIENT = 'sallyport-app'
const CLI_CLIENT = 'sallyport-cli'
const ADMINS = 'sallyport-admins'
const APPROVERS = 'sre'

const text = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

export function providerSettings(of: {
  readonly issuer: string
  readonly gateway: string
  readonly tls: Tls
  readonly secrets: Secrets
}): string {
  const { issuer, gateway, tls, secrets } = of
  const settings: DemoOidcSettings = {
    issuer,
    certFile: tls.certFile,
    keyFile: tls.keyFile,
    signingKey: secrets.oidcKey,
    loginCode: secrets.loginCode,
    cookieSecret: secrets.cookieSecret,
    app: { clientId: APP_CLIENT, clientSecret: secrets.appClientSecret, redirectUri: `${gateway}/login/callback` },
    cli: { clientId: CLI_CLIENT },
    audience: AUDIENCE,
    machines: [
      { secret: secrets.agentSecret, username: 'agent', groups: ['ai-agents'] },
      // Of the group sre as well, since that is whom the starter policies ask.
      { secret: secrets.adminSecret, username: 'local-admin', groups: [ADMINS, APPROVERS] },
    ],
  }
  return text(settings)
}

/** What `worker/runtime/main.ts --config` reads. The database stands beside the file. */
export function gatewaySettings(of: {
  readonly url: string
  readonly port: number
  readonly issuer: string
  readonly tls: Tls
  readonly secrets: Secrets
  readonly appDir: string
}): string {
  const { url, port, issuer, tls, secrets, appDir } = of
  return text({
    config: {
      url,
      issuers: [
        {
          url: issuer,
          audiences: [AUDIENCE, APP_CLIENT, CLI_CLIENT],
          claimMappings: { username: { claim: 'sub' }, groups: { claim: 'groups' } },
          ca: tls.ca,
        },
      ],
      signingKey: secrets.gatewayKey,
      database: { url: 'file:sallyport.db' },
      login: {
        issuer,
        clientId: APP_CLIENT,
        clientSecret: secrets.appClientSecret,
        cliClientId: CLI_CLIENT,
        scopes: ['openid', 'profile', 'groups'],
      },
      roles: {
        viewer: [...new Set(PEOPLE.flatMap((person) => person.groups))],
        approver: [APPROVERS],
        admin: [ADMINS],
      },
    },
    listen: { host: '127.0.0.1', port, certFile: tls.certFile, keyFile: tls.keyFile },
    appDir,
  })
}
