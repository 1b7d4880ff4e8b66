// One suite for the ports Log, Store, HoldStore, Recordings and UsageHistory, run against every kind of database (database.test.ts).

import { afterEach, beforeEach, describe } from 'vitest'
import type { Database } from '../database.ts'
import type { Subject } from './fixtures.ts'
import { holdsContract } from './holds.ts'
import { logContract } from './log.ts'
import { recordingsContract } from './recordings.ts'
import { storeContract } from './store.ts'
import { upgradeContract } from './upgrade.ts'
import { usageContract } from './usage.ts'

export function databaseContract(name: string, create: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let databases: Database[]
    beforeEach(async () => {
      subject = await create()
      databases = []
    })
    afterEach(async () => {
      for (const database of databases) await database.close()
      await subject.close()
    })
    const opened = {
      subject: () => subject,
      async open() {
        const database = await subject.open()
        databases.push(database)
        return database
      },
    }
    logContract(opened)
    storeContract(opened)
    holdsContract(opened)
    recordingsContract(opened)
    usageContract(opened)
    upgradeContract(opened)
  })
}
