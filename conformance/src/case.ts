import type { Capability, FixtureOf, HarnessKind } from './harness.ts'
import type { CaseContext } from './run/context.ts'

/** One rule of the contract, with the check that proves it. A broken rule is an error of `node:assert/strict`. */
export interface ConformanceCase<Kind extends HarnessKind = HarnessKind> {
  /** `<kind>/<group>/<name>`. It is stable, for `knownFailures`. */
  readonly id: string
  readonly kind: Kind
  /** The row of the report in which it counts. */
  readonly group: string
  /** The rule in words: what a failure of the case means. */
  readonly title: string
  /** The capabilities that a harness must have for the case to apply. */
  readonly requires: readonly Capability[]
  run(context: CaseContext<FixtureOf<Kind>>): Promise<void>
}

export type StoreCase = ConformanceCase<'store'>
export type ManifestCase = ConformanceCase<'manifest'>
export type SessionCase = ConformanceCase<'session'>
export type ManifestDriverCase = ConformanceCase<'manifest-driver'>

/** A case as an author writes it. {@link caseGroup} adds the rest. */
export interface CaseDefinition<Kind extends HarnessKind> {
  /** Lower-case words with dashes, unique in the group. */
  readonly name: string
  readonly title: string
  readonly requires?: readonly Capability[]
  run(context: CaseContext<FixtureOf<Kind>>): Promise<void>
}

/** Makes the cases of one group. `requires` applies to each of them, beside its own. */
export function caseGroup<Kind extends HarnessKind>(
  kind: Kind,
  group: string,
  definitions: readonly CaseDefinition<Kind>[],
  requires: readonly Capability[] = [],
): readonly ConformanceCase<Kind>[] {
  return definitions.map(definition => ({
    id: `${kind}/${group}/${definition.name}`,
    kind,
    group,
    title: definition.title,
    requires: [...requires, ...(definition.requires ?? [])],
    run: definition.run,
  }))
}

/** A case as this kit writes it. Its name is its key in the group, and it is given what it tests, ready to use. */
export interface Rule<Subject> {
  readonly title: string
  readonly requires?: readonly Capability[]
  run(subject: Subject): Promise<void>
}

/** Makes the cases of one group of rules. `open` makes what each case is given. */
export function ruleGroup<Kind extends HarnessKind, R extends Rule<never>>(
  kind: Kind,
  group: string,
  rules: Readonly<Record<string, R>>,
  open: (context: CaseContext<FixtureOf<Kind>>, rule: R) => Promise<Parameters<R['run']>[0]>,
): readonly ConformanceCase<Kind>[] {
  const definitions = Object.entries(rules).map(([name, rule]) => ({
    name,
    title: rule.title,
    requires: rule.requires ?? [],
    run: async (context: CaseContext<FixtureOf<Kind>>) => rule.run((await open(context, rule)) as never),
  }))
  return caseGroup(kind, group, definitions)
}
