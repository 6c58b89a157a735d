import type { FilesErrorCode } from 'files-sdk'

/** Adapters throw `FilesError`s. They are known by their code, since a host may have files-sdk twice. */
function hasCode(error: unknown, code: FilesErrorCode): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Whether the service has no such object. Adapters say the same of a bucket that is not there. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'NotFound') && !/bucket|container/i.test(causeName(error))
}

/** Whether a conditional write found an object, or another writer. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, 'Conflict')
}

/** Such as `NoSuchBucket` of S3 or `ContainerNotFound` of Azure. */
function causeName(error: unknown): string {
  const { cause } = error as Error
  const { name = '', code = '' } = (cause ?? {}) as { name?: unknown; code?: unknown }
  return `${String(name)} ${String(code)}`
}
