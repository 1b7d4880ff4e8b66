// Names of services whose `…_KEY` is a credential: HEROKU_KEY, mailgunKey. Only names that mean nothing else. No I/O.

/** In lower case, as one word. */
export const VENDORS: ReadonlySet<string> = new Set(
  `ably abuseipdb adafruit adyen airbrake airtable aiven akeyless akismet alchemy algolia alibaba aliyun amplitude anthropic apify
  applitools artifactory asaas asana assemblyai atlassian auth0 autodesk aws azure bamboohr basecamp betterstack bigcommerce binance
  bitbucket bitfinex bitly bitmex bitrise bittrex blockfrost braintree brevo browserbase browserstack bugsnag buildkite buttercms bybit
  calendly censys cerebras checkly circleci civo clarifai clearbit clerk clickhouse clickup cloudant cloudconvert cloudflare cloudinary
  cloudsmith codacy codeclimate codecov cohere coinbase coingecko coinmarketcap confluent contentful convertkit coralogix coveralls
  crowdin cryptocompare databricks datadog deepgram deepl deepseek digitalocean discord docusign doppler dropbox dynatrace easypost
  ebay elevenlabs etherscan etsy eventbrite exoscale facebook fastly figma finnhub firebase firecrawl fivetran flickr flutterwave
  foursquare freshbooks freshdesk fullstory gcp gemfury geocodio ghost giphy github gitlab gitter gocardless goodreads google grafana
  greynoise groq harvest helpscout heroku hetzner honeycomb hotjar hubspot huggingface ibm infura instagram intercom ipinfo ipstack
  jenkins jfrog jira jotform kickbox klaviyo kraken kucoin langsmith launchdarkly linkedin linode litellm livekit loggly logdna logrocket
  mailchimp mailerlite mailersend mailgun mailjet mandrill mapbox mapquest maptiler mattermost maxmind meilisearch messagebird mistral
  mixpanel mollie moralis netlify newrelic ngrok notion nytimes okta onesignal openai openrouter openweather openweathermap opsgenie ovh
  pagerduty papertrail paypal paystack perplexity pinata pinecone pingdom pipedrive pivotaltracker plaid planetscale plivo posthog
  postman postmark prefect pubnub pulumi pusher quickbooks quicknode rapidapi raygun razorpay recaptcha recurly replicate rollbar
  rubygems runpod salesforce sauce saucelabs scaleway scalingo scrapingbee segmentio sendbird sendgrid sendinblue sentry serpapi shippo
  shodan shopify shutterstock slack smartsheet snyk softlayer sonar sonarcloud sonarqube sparkpost splunk spotify squareup strava stripe
  stytch sumologic supabase surveymonkey tailscale tavily telegram telnyx tencent tiktok todoist toggl trello twilio twitch twitter
  typeform typesense unsplash upstash uptimerobot vercel virustotal vonage vultr wakatime wandb watson weatherstack webflow wechat
  wepay xendit yandex yelp youtube zapier zendesk zerobounce zoho zoom`.split(/\s+/),
)
