/**
 * The recorded process: `node writer.ts <path> <scenario>`. Prints a mark when a step begins, and when it has resolved.
 */
import { writeSync } from 'node:fs'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { sessionId } from './contents.ts'
import { openAs } from './open.ts'
import { type Scenario, type Step, scenarios } from './steps.ts'

const [path = '', scenario = ''] = process.argv.slice(2)
const steps: readonly Step[] = scenarios[scenario as Scenario]
const mark = (text: string): void => void writeSync(1, `${text}\n`)

const { attachments, close } = openAs(scenario as Scenario, path)
const session = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, sessionId)
for (const step of steps) {
  mark(`begun ${step.name}`)
  await step.run(attachments, session, path)
  mark(`done ${step.name}`)
}
await close()
