// The same with the gateway on Deno, in a shorter form: one generation of clients, the commands that wait each in their own way.

import { declareShort } from './holds/short.ts'

declareShort('deno')
