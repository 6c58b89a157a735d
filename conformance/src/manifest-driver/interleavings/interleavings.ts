import type { OrphanClaim } from '@lash/attachments-core'
import type { ManifestDriverCase, Rule } from '../../case.ts'
import { holder } from '../../manifest/steps.ts'
import { type DriverUnderTest, driverGroup } from '../driver-under-test.ts'
import {
  audit,
  type Call,
  claim,
  claimReleased,
  commit,
  forget,
  inTurn,
  intent,
  lookup,
  release,
  settle,
} from './calls.ts'
import { explore } from './explore.ts'
import { stateAfter } from './scene.ts'
import { claimed, committed, held, nothing, put, reclaimed, released, type State, shared } from './states.ts'

/** Two calls at once, in some state. The claims are those that stand in the state. */
type Pair = readonly [State, (claims: readonly OrphanClaim[]) => readonly [Call, Call]]

export const interleavingCases: readonly ManifestDriverCase[] = driverGroup('interleavings', {
  'intent-and-others': together('an intent and another call of a session', [
    [nothing, () => [intent('x', 'A'), intent('x', 'B')]],
    [claimed, () => [intent('x', 'A'), intent('x', 'B')]],
    [put, () => [intent('x', 'A'), commit('A', 'x')]],
    [committed, () => [intent('x', 'A'), release('A', 'x')]],
  ]),
  'intent-and-claim': together('an intent and a claim', [
    [put, () => [intent('x', 'A'), claim()]],
    [put, () => [intent('x', 'B'), claim()]],
    [released, () => [intent('x', 'B'), claimReleased('x')]],
    [shared, () => [intent('y', 'B'), claim()]],
    [claimed, () => [intent('x', 'A'), claim({ stale: true })]],
  ]),
  'commit-and-claim': together('a commit and a claim', [
    [put, () => [commit('A', 'x'), claim()]],
    [shared, () => [commit('B', 'x'), claim()]],
    [shared, () => [commit('A', 'x', 'y'), claim({ limit: 1 })]],
    [held, () => [commit(holder('A', 'second'), 'x'), claim()]],
  ]),
  'release-and-others': together('a release and another call', [
    [put, () => [release('A'), inTurn(intent('y', 'A'), lookup('x', holder('A', '')))]],
    [held, () => [release('A', 'x'), intent('x', holder('A', 'third'))]],
    [held, () => [release(holder('A', 'second')), intent('y', holder('A', 'second'))]],
    [shared, () => [release('A'), commit('A', 'x', 'y')]],
    [committed, () => [release('A'), claim()]],
    [committed, () => [release('A'), claimReleased('x')]],
  ]),
  'lookup-and-others': together('a lookup and another call', [
    [held, () => [lookup('x', 'A'), release('A', 'x')]],
    [held, () => [lookup('x', 'A'), intent('x', 'A')]],
    [shared, () => [lookup('x', 'A'), claim()]],
  ]),
  claims: together('two claims', [
    [put, () => [claim(), claim()]],
    [released, () => [claim(), claimReleased('x')]],
    [claimed, () => [claim({ stale: true }), claim({ stale: true })]],
  ]),
  'settle-and-others': together('a settlement and another call', [
    [claimed, claims => [settle(claims), intent('x', 'A')]],
    [claimed, claims => [settle(claims), claim({ stale: true })]],
    [claimed, claims => [settle(claims), settle(claims)]],
    [claimed, claims => [settle(claims, { purges: true }), intent('x', 'A')]],
  ]),
  'purge-and-others': together('a purge and another call', [
    [reclaimed, () => [settle([], { purges: true }), intent('x', 'A')]],
    [reclaimed, () => [settle([], { purges: true }), intent('y', 'A')]],
    [reclaimed, () => [settle([], { purges: true }), audit('x@1', 'y@0')]],
    [reclaimed, () => [settle([], { purges: true }), settle([], { purges: true })]],
  ]),
  'audit-and-others': together('an audit and another call', [
    [nothing, () => [audit('x@0'), intent('x', 'A')]],
    [nothing, () => [audit('x@1'), audit('x@0')]],
    [reclaimed, () => [audit('x@1'), intent('x', 'A')]],
    [claimed, () => [audit('x@0', 'x@1'), intent('x', 'A')]],
  ]),
  'forget-and-others': together('a forget and another call', [
    [put, () => [forget('x'), commit('A', 'x')]],
    [put, () => [forget('x'), intent('x', 'B')]],
    [claimed, claims => [forget('x'), settle(claims)]],
  ]),
})

function together(calls: string, pairs: readonly Pair[]): Rule<DriverUnderTest> {
  return {
    title: `whatever the order of the driver calls of ${calls}, both do as if one came after the other`,
    async run({ driver, reopenIfPossible }) {
      const drivers = [driver, await reopenIfPossible()] as const
      for (const [at, [state, callsAfter]] of pairs.entries()) {
        const { entries, claims } = await stateAfter(state)
        await explore(drivers, String(at), { before: state.name, entries, calls: callsAfter(claims) })
      }
    },
  }
}
