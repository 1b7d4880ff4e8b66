// Credentials of exchanges and blockchain services.

import { near, type PatternRule, shape } from '../rule.ts'

// biome-ignore format: one rule a line
export const CRYPTO_RULES: readonly PatternRule[] = [
  near('coinbase-key', 'coinbase', '[A-Za-z0-9_-]{64}', 'https://docs.cdp.coinbase.com/get-started/authentication/overview', { entropy: 3 }),
  near('coinbase-secret', 'coinbase', '[A-Za-z0-9+/]{86}==', 'https://docs.cdp.coinbase.com/get-started/authentication/overview', { entropy: 4 }),
  near('kucoin-secret', 'kucoin', '(\\h{24}|\\h{8}-\\h{4}-\\h{4}-\\h{4}-\\h{12})', 'https://www.kucoin.com/docs-new/authentication', { ignoreCase: true }),
  near('bitfinex-key', 'bitfinex', '[A-Za-z0-9]{43}', 'https://docs.bitfinex.com/docs/rest-auth', { entropy: 3.5 }),
  near('kraken-secret', 'kraken', '[A-Za-z0-9/=_+-]{80,90}', 'https://docs.kraken.com/api/docs/guides/spot-rest-auth/', { entropy: 3.8 }),
  near('kraken-key', 'kraken', '[A-Za-z0-9/+]{56}', 'https://docs.kraken.com/api/docs/guides/spot-rest-auth/', { entropy: 4.05 }),
  near('binance-key', 'binance', '[A-Za-z0-9]{64}', 'https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security', { entropy: 4.05 }),
  near('bittrex-key', 'bittrex', '[a-z0-9]{32}', 'https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns', { ignoreCase: true }),
  near('bybit-secret', 'bybit', '[A-Za-z0-9]{36}', 'https://bybit-exchange.github.io/docs/v5/guide', { entropy: 3.8 }),
  near('okx-secret', 'okx|okex', '[A-F0-9]{32}', 'https://www.okx.com/docs-v5/en/#overview-rest-authentication'),
  shape('gemini-exchange-key', '(master|account)-[A-Za-z0-9]{20}', 'https://docs.gemini.com/authentication/api-key', { entropy: 3.7 }),
  near('bitmex-secret', 'bitmex', '[A-Za-z0-9_-]{48}', 'https://www.bitmex.com/app/apiKeysUsage', { entropy: 4 }),
  near('etherscan-key', 'etherscan|bscscan|polygonscan|arbiscan|snowtrace|ftmscan', '[A-Z0-9]{34}', 'https://docs.etherscan.io/getting-started/viewing-api-usage-statistics'),
  near('infura-key', 'infura', '\\h{32}', 'https://docs.metamask.io/services/get-started/infura/'),
  near('alchemy-key', 'alchemy', '[A-Za-z0-9_-]{21,32}', 'https://www.alchemy.com/docs/how-to-use-api-keys-in-http-headers', { entropy: 3.8 }),
  shape('alchemy-token', 'alcht_[A-Za-z0-9]{30}', 'https://www.alchemy.com/docs/reference/notify-api-quickstart'),
  near('quicknode-token', 'quicknode|quiknode', '\\h{40}', 'https://www.quicknode.com/docs/welcome'),
  near('moralis-key', 'moralis', '[A-Za-z0-9]{64}', 'https://docs.moralis.com/', { entropy: 4 }),
  near('coinmarketcap-key', 'coinmarketcap|cmc_pro|x-cmc', '\\h{8}-\\h{4}-\\h{4}-\\h{4}-\\h{12}', 'https://coinmarketcap.com/api/documentation/v1/'),
  near('coingecko-key', 'coingecko|x-cg', 'CG-[A-Za-z0-9]{24}', 'https://docs.coingecko.com/reference/authentication'),
  near('cryptocompare-key', 'cryptocompare', '\\h{64}', 'https://developers.coindesk.com/'),
  near('blockfrost-key', 'blockfrost', '(mainnet|testnet|preprod|preview|ipfs)[A-Za-z0-9]{32}', 'https://docs.blockfrost.io/'),
  near('tatum-key', 'tatum', 't-\\h{24}-\\h{24}', 'https://docs.tatum.io/docs/authentication'),
  near('pinata-key', 'pinata', '(\\h{20}|\\h{64})', 'https://docs.pinata.cloud/account-management/api-keys'),
  shape('bitcoin-private-key-wif', 'wif[^A-Za-z0-9]{1,12}<[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}>', 'https://en.bitcoin.it/wiki/Wallet_import_format', { ignoreCase: true }),
  shape('bitcoin-extended-private-key', '[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107,108}', 'https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki'),
  near('ethereum-private-key', 'private_key|privatekey|private-key|wallet|mnemonic|deployer', '0x\\h{64}', 'https://ethereum.org/en/developers/docs/accounts/', { ignoreCase: true }),
  near('ethereum-private-key-bare', 'eth_private|ethereum_private|wallet_private|deployer_private|wallet_key|deployer_key', '\\h{64}', 'https://ethereum.org/en/developers/docs/accounts/', { ignoreCase: true }),
  near('bitpay-token', 'bitpay', '[1-9A-HJ-NP-Za-km-z]{43,44}', 'https://developer.bitpay.com/docs/getting-started', { entropy: 4 }),
  near('blockcypher-token', 'blockcypher', '\\h{32}', 'https://www.blockcypher.com/dev/bitcoin/#rate-limits-and-tokens'),
  shape('tron-grid-key', 'tron-pro-api-key["\']?\\s{0,2}[:=]\\s{0,2}["\']?<\\h{8}-\\h{4}-\\h{4}-\\h{4}-\\h{12}>', 'https://developers.tron.network/reference/api-key', { ignoreCase: true }),
]
