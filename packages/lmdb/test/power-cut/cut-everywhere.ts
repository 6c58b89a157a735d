import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '@lash/attachments-conformance/explore'
import { AttachmentStoreError } from '@lash/attachments-core'
import {
  allKept,
  allLost,
  Disk,
  type DiskState,
  describeState,
  type Operation,
  randomFate,
  restoreState,
} from '@lash/attachments-testing/power-cut'
import { contents, type Found, idOf, meta, openAt, sessionId, steps } from './steps.ts'

/** What was found of each content; the message of an error where the environment could not be opened or used. */
type Findings = readonly Found[] | string

/** Cuts the power after every operation, and gives how many states were opened, and what must not be found, once. */
export async function cutEverywhere(base: string, path: string, operations: readonly Operation[]) {
  // Thousands of syncs would take long and prove nothing here. In memory they cost nothing.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'power-cut-'))
  const random = new Random(7)
  const fates = [allLost, allKept, ...Array.from({ length: 3 }, () => randomFate(random))]
  const disk = new Disk(base)
  const progress = new Progress()
  const known = new Map<string, Findings>()
  const problems = new Set<string>()
  try {
    for (const operation of operations) {
      disk.apply(operation)
      if (operation.kind === 'mark') progress.mark(operation.text)
      if (!progress.isOpen || (operation.kind === 'write' && !operation.synced) || operation.kind === 'seek') continue
      for (const fate of fates) {
        // The locks are mapped and never synced, and are made anew by whoever comes first.
        const state = disk.stateAfterPowerCut(fate, name => name.endsWith('lock.mdb'))
        const key = describeState(state)
        const findings = known.get(key) ?? (await findingsIn(state, join(folder, String(known.size)), path))
        known.set(key, findings)
        for (const problem of progress.problems(findings)) problems.add(problem)
      }
    }
    return { states: known.size, problems: [...problems] }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** How far the process has come, and so what a power cut may leave. */
class Progress {
  isOpen = false
  readonly #settled: Found[] = contents.map(() => ({ bytes: 'absent', ref: 'none' }))
  #current: number | undefined

  mark(text: string): void {
    this.isOpen = true
    const [what, number] = text.split(' ')
    this.#current = what === 'begun' ? Number(number) : undefined
    if (what !== 'done') return
    const { content, leaves } = steps[Number(number)] as (typeof steps)[number]
    this.#settled[content] = { ...(this.#settled[content] as Found), ...leaves }
  }

  problems(findings: Findings): string[] {
    if (typeof findings === 'string') return [findings]
    const step = this.#current === undefined ? undefined : steps[this.#current]
    return findings.flatMap((found, content) => {
      const settled = this.#settled[content] as Found
      const possible = step?.content === content ? [settled, { ...settled, ...step.leaves }] : [settled]
      return (['bytes', 'ref'] as const).flatMap(fact =>
        possible.some(one => one[fact] === found[fact])
          ? []
          : [`${step === undefined ? '' : `during ${step.name}: `}${fact} of ${content}: ${found[fact]}`],
      )
    })
  }
}

/** Opens what a power cut has left, in a new folder, reads everything, and puts something. */
async function findingsIn(state: DiskState, folder: string, path: string): Promise<Findings> {
  restoreState(state, folder)
  try {
    const { store, manifest, close } = openAt(join(folder, path))
    try {
      const findings: Found[] = []
      for (const number of contents.keys()) {
        const bytes = await store.get(idOf(number)).then(
          () => 'whole',
          error => (error.code === 'not_found' ? 'absent' : String(error)),
        )
        const entry = await manifest.lookup(sessionId, idOf(number))
        const ref =
          entry === undefined
            ? 'none'
            : entry.releasedAtEpochMs !== undefined
              ? 'released'
              : entry.committedAtEpochMs === undefined
                ? 'intent'
                : 'committed'
        findings.push({ bytes, ref })
      }
      await store.put(new TextEncoder().encode('put after the power cut'), meta)
      return findings
    } finally {
      await close()
    }
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return error.message
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
