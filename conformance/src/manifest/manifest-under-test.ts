import { setTimeout as pause } from 'node:timers/promises'
import type { AttachmentManifest } from '@lash/attachments-core'
import { type ManifestCase, type Rule, ruleGroup } from '../case.ts'
import { ChildProcess } from '../child/child-process.ts'
import type { HostTransaction, ManifestFixture } from '../harness.ts'
import { type CaseContext, provided } from '../run/context.ts'
import { type ManifestSteps, stepsOf } from './steps.ts'

/** A manifest, fresh and empty, with the steps of a case on it and what else a case does to it. */
export interface ManifestUnderTest extends ManifestSteps {
  readonly fixture: ManifestFixture
  /** Has another fixture used, fresh and empty too, and disposes of it at once. */
  withFresh(use: (fixture: ManifestFixture) => Promise<void>): Promise<void>
  /** Another instance over the same data. It is closed after the case. */
  reopen(): Promise<ManifestSteps>
  /** As `reopen`, or the same instance again where the harness cannot do that. */
  reopenIfPossible(): Promise<ManifestSteps>
  /** Another process that has the same data open. It is killed after the case. */
  startProcess(): Promise<ManifestProcess>
  /** Opens a transaction of the host. */
  begin(): Promise<HostTransaction>
  /** Sets the manifest's clock or, where that cannot be done, lets some time pass. */
  clockAt(epochMs: number): Promise<void>
  /** Has the manifest forget what it may forget: its clock jumps by a year, if it can be set, and a sweep settles. */
  purge(): Promise<void>
}

/** The steps that another process can do on its manifest. */
export interface ManifestProcess extends Omit<ManifestSteps, 'manifest' | 'entriesOf' | 'claimBlobs' | 'forget'> {
  /** Imports thousands of refs from a source that then stalls for ever; resolves when it stalls. */
  importHalfway(): Promise<void>
  close(): Promise<void>
  /** As `kill -9` does. Calls under way reject. */
  kill(): Promise<void>
}

/** Makes the cases of one group of the manifest contract. */
export function manifestGroup(
  group: string,
  rules: Readonly<Record<string, Rule<ManifestUnderTest>>>,
): readonly ManifestCase[] {
  return ruleGroup('manifest', group, rules, openManifest)
}

async function openManifest(context: CaseContext<ManifestFixture>): Promise<ManifestUnderTest> {
  const fixture = await context.create()
  const steps = stepsOf(fixture.manifest)
  const reopened = (opened: AttachmentManifest) => stepsOf(context.use(opened))
  let year = new Date().getUTCFullYear()
  return {
    ...steps,
    fixture,
    withFresh: use => context.withFresh(use),
    reopen: async () => reopened(await provided(fixture.reopen, 'reopen').call(fixture)),
    reopenIfPossible: async () => (fixture.reopen === undefined ? steps : reopened(await fixture.reopen())),
    async startProcess() {
      const child = context.use(await ChildProcess.start('manifest', provided(fixture.child, 'child')))
      const { remote } = child
      const steps = stepsOf(remote as Partial<AttachmentManifest> as AttachmentManifest)
      const importHalfway = () => remote.importHalfway()
      return { ...steps, importHalfway, close: () => remote.close(), kill: () => child.kill() }
    },
    begin: () => provided(fixture.begin, 'begin').call(fixture),
    async clockAt(epochMs) {
      if (fixture.setClock === undefined) await pause(3)
      else fixture.setClock(epochMs)
    },
    async purge() {
      fixture.setClock?.(Date.UTC(++year, 11, 31))
      await steps.settle()
    },
  }
}
