// The same with the gateway on workerd, in a shorter form: one generation of clients, the commands that wait each in their own
// way. The hub is a Durable Object there, and holds outlive it in the database alone.

import { declareShort } from './holds/short.ts'

declareShort('workerd')
