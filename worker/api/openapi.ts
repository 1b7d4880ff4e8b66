// The OpenAPI 3.1 document, made from the route table: what the router serves is what it says. No I/O.

import type { QueryParameter, Route } from './route.ts'
import { type JsonSchema, SCHEMAS } from './schema.ts'

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

function parameterSchema(parameter: QueryParameter): JsonSchema {
  switch (parameter.type) {
    case 'string':
      return { type: 'string', maxLength: parameter.maxLength }
    case 'enum':
      return { type: 'string', enum: parameter.values }
    case 'integer':
      return { type: 'integer', minimum: parameter.min, maximum: parameter.max, default: parameter.default }
  }
}

function operation(route: Route): JsonSchema {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = (route.query ?? []).map((parameter) => ({
    name: parameter.name,
    in: 'query',
    required: false,
    description: parameter.description,
    schema: parameterSchema(parameter),
  }))
  const { status, schema, mediaType } = route.response
  const media = mediaType ?? (schema === undefined ? undefined : 'application/json')
  const content =
    media === undefined
      ? {}
      : { content: { [media]: schema === undefined || schema === 'any' ? {} : { schema: ref(schema) } } }
  const problem = { description: 'Refused.', content: { 'application/problem+json': { schema: ref('Problem') } } }
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              [route.body.mediaType]: route.body.schema === undefined ? {} : { schema: ref(route.body.schema) },
            },
          },
        }),
    responses: { [status]: { description: route.summary, ...content }, default: problem },
    security: route.access === 'anyone' ? [] : [{ cookie: [] }, { bearer: [] }],
    'x-sallyport-access': route.access,
  }
}

/** @param url the gateway's public base URL */
export function openApiDocument(routes: readonly Route[], url: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operation(route)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sallyport', version: '1', description: 'Sessions, policies and connections of one gateway.' },
    servers: [{ url }],
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        cookie: { type: 'apiKey', in: 'cookie', name: '__Host-sallyport' },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
    },
  }
}
