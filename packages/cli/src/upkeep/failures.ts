import type { AttachmentReclamationFailure } from '@lash/attachments-core'
import { codeOf, messageOf } from '../output/errors.ts'
import type { Output } from '../output/output.ts'

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

export function reported({ id, generation, error }: AttachmentReclamationFailure): ReportedFailure {
  return { id, generation, code: codeOf(error), message: messageOf(error) }
}
