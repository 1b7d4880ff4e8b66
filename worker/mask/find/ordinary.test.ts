import { expect, test } from 'vitest'
import { isOrdinary } from './ordinary.ts'
import { made } from './rules/examples.ts'

const HEX32 = '4d21e6eda61f356bcfa2a11e8cd54b95'
const UUID = '9b79502c-0d90-44d5-a75c-9748aabd1331'

/** The value stands between `[` and `]`. */
const ROWS: readonly (readonly [what: string, text: string, ordinary: boolean])[] = [
  ['a uid', `uid: [${UUID}]`, true],
  ['a uid in JSON', `"uid":"[${UUID}]"`, true],
  ['a uid in escaped JSON', `\\"uid\\":\\"[${UUID}]\\"`, true],
  ['a trace', `datadog trace_id=[${HEX32}] span`, true],
  ['a pod by its uid', `in pod \\"[${UUID}]\\" failed`, true],
  ['a camelCase id', `reconcileID="[${UUID}]"`, true],
  ['a digest', `image: datadog/agent@sha256:[${HEX32}]`, true],
  ['a container', `containerID: containerd://[${HEX32}]`, true],
  ['a commit in prose', `gitea commit [${HEX32}01234567]`, true],
  ['a checksum', `datadog.tar.gz md5: [${HEX32}]`, true],
  ['a part of a pod name', 'papertrail[-agent-52e09bf59-kv84h]', true],
  ['a pod name', 'reddit pod [web-frontend-52e09bf59-kv84h] is ready', true],
  ['the first part of a host', '[alchemy-cluster-configuration].alchemy.svc', true],
  ['a class', 'Starting datadog [ControllerManagerConfigurationReconciler]', true],
  ['a package', 'okta [com.example.platform.service.configuration.Initializer]', true],
  ['a constant', 'semaphore [HAVE_BROKEN_PTHREAD_SIGMASK]', true],
  ['a class with a number', 'okta: [IncludedOauth2TenantCredentialProviderProps]', true],
  ['a piece of base64', `MIIC/ovh+[${made('<b62*32>')}]+gx/`, true],
  ['a path of a page', 'https://docs.aws.amazon.com/[AmazonRDS/latest/AuroraMySQLReleaseNotes]', true],
  ['a role of AWS', 'arn:aws:iam::123456789012:[role/NodegroupInstanceRole20261121AbCd1xY2]', true],
  ['a file at a commit', 'https://github.com/cloudflare/workerd/blob/[bdbd6075c7c53948050c52d22f2dfa37bf376253]', true],
  ['a volume', `papertrail [pvc-${UUID}] bound`, true],
  ['an assignment', `typeform [request_id=${HEX32}]`, true],
  ['a key', `DATADOG_API_KEY=[${HEX32}]`, false],
  ['a key in prose', `the datadog key is [${HEX32}]`, false],
  ['half of a credential', `secret_id: [${UUID}]`, false],
  ['a UUID with a part of letters', `snyk: [${made('<hex*8>-<hex*4>-<hex*4>-ceed-<hex*12>')}]`, false],
  ['a token that begins with a dash', `castai: [-${made('<b62*40>')}]`, false],
  ['an API hash', `api_hash=[${HEX32}]`, false],
  ['a client id', `"clientId": "[${HEX32}]"`, false],
  ['a token with dashes', `okta token: [${made('00<b62*4>-<b62*16>_<b62*16>')}]`, false],
  ['a token of letters in mixed case', `logzio: [${made('<let*32>')}]`, false],
  ['a key in a path', `https://mainnet.infura.io/v3/[${HEX32}]`, false],
  ['a key at the end of a sentence', `the datadog key is [${HEX32}].`, false],
]

test.each(ROWS)('%s', (_, marked, ordinary) => {
  const start = marked.indexOf('[')
  const end = marked.lastIndexOf(']') - 1
  const text = marked.slice(0, start) + marked.slice(start + 1, end + 1) + marked.slice(end + 2)
  expect(isOrdinary(new TextEncoder().encode(text), start, end)).toBe(ordinary)
})
