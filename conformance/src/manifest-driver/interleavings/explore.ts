import assert from 'node:assert/strict'
import type { AttachmentManifestDriver } from '@lash/attachments-core/backend'
import { applyTo, atMost, everyEntry } from '../driver-under-test.ts'
import { GatedCall, gated, placedAt } from './gate.ts'
import { allowedBy, manifestOn, resultOf, type Scene } from './scene.ts'

/** Which of the two calls goes on, at each choice. */
interface Schedule {
  readonly picks: readonly number[]
  /** The call that need not go on next: that order was tried, and gives the same. */
  readonly asleep: number | undefined
}

/** No two calls need so many driver calls: then one stops the other for ever. */
const mostSteps = 200

/**
 * Tries every order of the driver calls of two manifest calls. Each must answer and leave what one of the two orders of
 * the manifest calls themselves does. Two reads that follow each other give the same in either order, and are tried in
 * one.
 * @param drivers one for each call, over the same data.
 * @param place a prefix of keys that nobody else uses.
 */
export async function explore(
  drivers: readonly [AttachmentManifestDriver, AttachmentManifestDriver],
  place: string,
  scene: Scene,
): Promise<void> {
  const allowed = await allowedBy(scene)
  const schedules: Schedule[] = [{ picks: [], asleep: undefined }]
  for (let run = 0; ; run++) {
    const schedule = schedules.pop()
    if (schedule === undefined) return
    const prefix = `${place}.${run}/`
    const { result, taken } = await runOnce([placedAt(prefix, drivers[0]), placedAt(prefix, drivers[1])], {
      ...scene,
      schedule,
      schedules,
    })
    if (result === undefined || allowed.has(result)) continue
    const [first, second] = scene.calls
    assert.fail(
      `${first.name} and ${second.name}, ${scene.before}, with driver calls in the order ${taken.join('')}: ` +
        `${result}; one after the other they give ${[...allowed].join(' or ')}`,
    )
  }
}

interface Run extends Scene {
  readonly schedule: Schedule
  /** What is still to be tried. */
  readonly schedules: Schedule[]
}

/** The result is undefined when it would be that of a schedule that was tried. */
async function runOnce(
  drivers: readonly [AttachmentManifestDriver, AttachmentManifestDriver],
  { entries, calls, schedule, schedules }: Run,
): Promise<{ result?: string; taken: number[] }> {
  await write(drivers[0], entries)
  const actors = calls.map((call, at) => {
    const actor = new GatedCall()
    const manifest = manifestOn(gated(drivers[at] as AttachmentManifestDriver, actor), call.purges ?? false)
    actor.start(async () => {
      const answers = []
      for (const step of call.steps) answers.push(await step(manifest))
      return answers
    })
    return actor
  }) as [GatedCall, GatedCall]
  const taken: number[] = []
  let { asleep } = schedule
  for (;;) {
    for (const actor of actors) await actor.settled()
    const ready = [0, 1].filter(at => !actors[at as 0 | 1].isDone)
    if (ready.length === 0) break
    assert.ok(taken.length < mostSteps, `${calls[0].name} and ${calls[1].name} stop each other for ever`)
    let pick = schedule.picks[taken.length]
    if (pick === undefined) {
      const awake = ready.filter(at => at !== asleep)
      pick = awake[0]
      if (pick === undefined) return { taken }
      const areReads = !actors.some(actor => actor.writesNext)
      if (awake.length === 2) schedules.push({ picks: [...taken, 1], asleep: areReads ? 0 : undefined })
      else if (!areReads) asleep = undefined
    }
    taken.push(pick)
    actors[pick as 0 | 1].pass()
  }
  const answers = actors.map(actor => actor.answer)
  return { result: await resultOf(answers, await everyEntry(drivers[1])), taken }
}

async function write(driver: AttachmentManifestDriver, entries: ReadonlyMap<string, string>): Promise<void> {
  const [all, step] = [[...entries], atMost(driver, 1000)]
  for (let from = 0; from < all.length; from += step) {
    assert.ok(await applyTo(driver, Object.fromEntries(all.slice(from, from + step))))
  }
}
