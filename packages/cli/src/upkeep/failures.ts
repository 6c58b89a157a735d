import type { AttachmentReclamationFailure } from '@lash/attachments-core'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { codeOf, messageOf } from '../output/errors.ts'
import type { Field, Output } from '../output/output.ts'

/** What failed of one copy, as JSON has it. */
export interface ReportedFailure {
  id: string
  generation: number
  code: string
  message: string
}

/** Names each failure to a person, and gives what stands in a report. With JSON, the report alone has them. */
export function reportFailures(
  output: Output,
  failures: readonly AttachmentReclamationFailure[],
): readonly ReportedFailure[] {
  return failures.map(failure => {
    const { id, generation, error } = failure
    if (!output.json) output.failed(error, `${id} at generation ${generation}`)
    return reported(failure)
  })
}

/** Ends a sweep or an audit: says what it has counted, and what failed. */
export async function reportRemovals(
  output: Output,
  dryRun: boolean,
  counts: readonly Field[],
  failed: readonly AttachmentReclamationFailure[],
): Promise<ExitCode> {
  const failures = reportFailures(output, failed)
  const values = Object.fromEntries(counts.map(([name, value]) => [name, value]))
  await output.record({ dryRun, ...values, failures }, [...counts, ['failedCount', failures.length]])
  if (dryRun) output.remark('a dry run: nothing was changed')
  return failures.length === 0 ? exitCodes.ok : exitCodes.failed
}

export function reported({ id, generation, error }: AttachmentReclamationFailure): ReportedFailure {
  return { id, generation, code: codeOf(error), message: messageOf(error) }
}
