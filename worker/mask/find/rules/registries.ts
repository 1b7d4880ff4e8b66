// Credentials of package and image registries.

import { near, type PatternRule, shape } from '../rule.ts'

// biome-ignore format: one rule a line
export const REGISTRY_RULES: readonly PatternRule[] = [
  shape('npm-token', 'npm_[A-Za-z0-9]{36}', 'https://docs.npmjs.com/about-access-tokens', { entropy: 3 }),
  shape('npm-auth-token', '_authToken\\s{0,2}=\\s{0,2}"?<[A-Za-z0-9_.=+/-]{20,2048}>', 'https://docs.npmjs.com/cli/v11/configuring-npm/npmrc', { entropy: 3 }),
  shape('npm-auth', '_(auth|password)\\s{0,2}=\\s{0,2}"?<[A-Za-z0-9+/]{16,1024}={0,2}>', 'https://docs.npmjs.com/cli/v11/configuring-npm/npmrc', { entropy: 3 }),
  near('npm-token-old', 'npm_token|npmtoken|npm_auth|npm-token|npmjs|npmrc|_authtoken', '\\h{8}-\\h{4}-\\h{4}-\\h{4}-\\h{12}', 'https://docs.npmjs.com/about-access-tokens'),
  shape('pypi-token', 'pypi-AgE(IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}', 'https://pypi.org/help/#apitoken'),
  shape('rubygems-token', 'rubygems_[A-Za-z0-9]{48}', 'https://guides.rubygems.org/api-key-scopes/'),
  shape('crates-io-token', 'cio[A-Za-z0-9]{32}', 'https://doc.rust-lang.org/cargo/reference/registry-authentication.html', { entropy: 3.5 }),
  shape('nuget-api-key', 'oy2[a-z0-9]{43}', 'https://learn.microsoft.com/en-us/nuget/nuget-org/publish-a-package'),
  shape('open-vsx-token', 'ovsx(p|at)_[a-z0-9-]{36}', 'https://github.com/eclipse/openvsx/wiki/Publishing-Extensions'),
  near('sonatype-user-token', 'sonatype|ossrh|maven_central|nexus', '[A-Za-z0-9+/]{44}', 'https://central.sonatype.org/publish/generate-portal-token/', { entropy: 4.05 }),
  shape('jfrog-api-key', 'AKC[A-Za-z0-9]{50,100}', 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key', { entropy: 3.5 }),
  near('jfrog-api-key-short', 'artif|jfrog|bintray|api_key|apikey|password', 'AKC[A-Za-z0-9]{10,100}', 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key', { entropy: 3 }),
  shape('jfrog-reference-token', 'cmVmd[A-Za-z0-9]{40,64}', 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/reference-token', { entropy: 3.5 }),
  near('jfrog-api-key-named', 'jfrog|artif|bintray', '[A-Za-z0-9]{73}', 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key', { entropy: 3.5 }),
  near('jfrog-identity-token', 'jfrog|artif|bintray', '[A-Za-z0-9]{64}', 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens', { entropy: 4.05 }),
  near('artifactory-encrypted-password', 'artif|jfrog', 'AP[A-Za-z0-9]{30,90}', 'https://jfrog.com/help/r/jfrog-artifactory-documentation/centrally-secure-passwords', { entropy: 3 }),
  shape('docker-hub-token', 'dckr_(pat|oat)_[A-Za-z0-9_-]{27,40}', 'https://docs.docker.com/security/access-tokens/', { entropy: 3 }),
  shape('docker-swarm-token', 'SWM(TKN|KEY)-1-[A-Za-z0-9+/-]{40,90}', 'https://docs.docker.com/engine/swarm/join-nodes/'),
  shape('packagist-token', 'packagist_(uut|ort|out|urt|ack)_\\h{68}', 'https://packagist.com/docs/composer-authentication'),
  shape('clojars-token', 'CLOJARS_[a-z0-9]{60}', 'https://github.com/clojars/clojars-web/wiki/Deploy-Tokens', { ignoreCase: true }),
  near('hex-pm-key', 'hex_api_key|hexpm|hex.pm', '\\h{32}', 'https://hex.pm/docs/publish'),
  near('cloudsmith-key', 'cloudsmith', '\\h{40}', 'https://help.cloudsmith.io/docs/api-key'),
  shape('gemfury-token', 'fury_[A-Za-z0-9_-]{20,60}', 'https://gemfury.com/help/tokens/'),
  near('gemfury-token-old', 'gemfury|fury.io', '[A-Za-z0-9]{20}', 'https://gemfury.com/help/tokens/', { entropy: 3.5 }),
  near('anaconda-token', 'anaconda|conda', '[a-z]{2}-\\h{8}-\\h{4}-\\h{4}-\\h{4}-\\h{12}', 'https://docs.anaconda.com/anacondaorg/user-guide/tasks/work-with-accounts/'),
  shape('quay-robot-token', 'quay\\.io[^A-Za-z0-9]{1,20}auth[^A-Za-z0-9]{1,8}<[A-Za-z0-9+/=]{40,400}>', 'https://docs.quay.io/glossary/robot-accounts.html'),
  near('libraries-io-key', 'libraries_io|libraries.io|librariesio', '\\h{32}', 'https://libraries.io/api'),
  near('harbor-robot-secret', 'robot|harbor', '[A-Za-z0-9]{32}', 'https://goharbor.io/docs/2.12.0/working-with-projects/project-configuration/create-robot-accounts/', { entropy: 4.05 }),
]
