// The security headers of everything a browser may be shown: the app's files and the API's answers. No I/O.

/** The app's content security policy: everything from this origin, no inline script or style, never in a frame. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Recorded bodies come from a cluster and may hold anything: no script, no form, no origin, whatever their media type. */
export const RECORDED_CONTENT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

/** Names in lower case. The static file server sends the same. */
export function securityHeaders(): Readonly<Record<string, string>> {
  return {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), clipboard-read=()',
  }
}
