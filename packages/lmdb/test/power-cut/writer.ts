/** The recorded process: `node writer.ts <path>`. Prints a mark when a step begins, and when it has resolved. */

import { writeSync } from 'node:fs'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { idOf, openAt, sessionId, steps } from './steps.ts'

const mark = (text: string): void => void writeSync(1, `${text}\n`)

const { store, manifest, close } = openAt(process.argv[2] as string)
mark('opened')
const session = new SessionScopedAttachmentStore(store, manifest, sessionId)
for (const [number, step] of steps.entries()) {
  mark(`begun ${number}`)
  await step.run(session, idOf(step.content))
  mark(`done ${number}`)
}
await close()
