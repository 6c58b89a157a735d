import assert from 'node:assert/strict'
import type { AttachmentManifestDriver } from '@lash/attachments-core/backend'
import { type ManifestDriverCase, type Rule, ruleGroup } from '../case.ts'
import { ChildProcess } from '../child/child-process.ts'
import type { Capability, ManifestDriverFixture } from '../harness.ts'
import { type CaseContext, provided } from '../run/context.ts'

/** Values by their keys; undefined: absent, or to be deleted. */
export type Values = Readonly<Record<string, string | undefined>>

/** A driver over an empty map, and what a case does to it beside calling it. */
export interface DriverUnderTest {
  readonly driver: AttachmentManifestDriver
  /** Another driver over the same data. It is closed after the case, unless `close` has closed it. */
  reopen(): Promise<AttachmentManifestDriver>
  /** As `reopen`, or the same driver again where the harness cannot do that. */
  reopenIfPossible(): Promise<AttachmentManifestDriver>
  /** Closes a driver that `reopen` gave. */
  close(driver: AttachmentManifestDriver): Promise<void>
  /** Another process that has the same data open. It is killed after the case. */
  startProcess(): Promise<ChildProcess<'manifest-driver'>>
  /** A driver over another empty map. */
  another(): Promise<AttachmentManifestDriver>
  /** Whether the harness has the capability, for a case that can check more then. */
  has(capability: Capability): boolean
  /** Applies, on condition that the reads hold, and tells whether they did. */
  apply(writes: Values, reads?: Values): Promise<boolean>
  /** Fails unless these are all entries, in this order. */
  hasEntries(expected: Values, what: string): Promise<void>
}

/** Makes the cases of one group of the driver contract. */
export function driverGroup(
  group: string,
  rules: Readonly<Record<string, Rule<DriverUnderTest>>>,
): readonly ManifestDriverCase[] {
  return ruleGroup('manifest-driver', group, rules, openDriver)
}

async function openDriver(context: CaseContext<ManifestDriverFixture>): Promise<DriverUnderTest> {
  const fixture = await context.create()
  const { driver } = fixture
  const open = new Set<AttachmentManifestDriver>()
  const close = async (opened: AttachmentManifestDriver) => {
    if (open.delete(opened)) await opened.close()
  }
  const reopen = async () => {
    const opened = await provided(fixture.reopen, 'reopen').call(fixture)
    open.add(opened)
    context.defer(() => close(opened))
    return opened
  }
  return {
    driver,
    reopen,
    reopenIfPossible: () => (context.has('reopen') ? reopen() : Promise.resolve(driver)),
    close,
    startProcess: async () =>
      context.use(await ChildProcess.start('manifest-driver', provided(fixture.child, 'child'))),
    another: async () => (await context.create()).driver,
    has: capability => context.has(capability),
    apply: (writes, reads) => applyTo(driver, writes, reads),
    async hasEntries(expected, what) {
      assert.deepEqual(await everyEntry(driver), Object.entries(expected), what)
    },
  }
}

/** Applies, on condition that the reads hold. Fails unless the driver says whether they did. */
export async function applyTo(driver: AttachmentManifestDriver, writes: Values, reads: Values = {}): Promise<boolean> {
  const applied = await driver.apply({ reads: mapOf(reads), writes: mapOf(writes) })
  assert.equal(typeof applied, 'boolean', 'what `apply` resolves with')
  return applied
}

function mapOf(values: Values): Map<string, string | undefined> {
  return new Map(Object.entries(values))
}

/** Every entry, in pages of the given size. */
export async function everyEntry(driver: AttachmentManifestDriver, limit = 1000): Promise<[string, string][]> {
  const entries: [string, string][] = []
  for (let start = ' '; ; ) {
    const page = await driver.scan({ start, end: '~~', limit })
    assert.ok(page.length <= limit, `a scan gave ${page.length} entries with the limit ${limit}`)
    entries.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return entries
    start = `${last[0]} `
  }
}

/** So many keys, in order: `key 0000`, `key 0001` and so on. */
export function keys(count: number, name = 'key'): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${String(index).padStart(4, '0')}`)
}

/** The same value for all keys. */
export function all(names: readonly string[], value: string | undefined): Values {
  return Object.fromEntries(names.map(name => [name, value]))
}

/** As many changes as every driver takes, or `wanted` if that is less. */
export function atMost({ maxChanges = Number.POSITIVE_INFINITY }: AttachmentManifestDriver, wanted: number): number {
  return Math.min(wanted, maxChanges)
}
