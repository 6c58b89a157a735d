import { type AttachmentId, AttachmentIoError } from '@lash/attachments-core'

const advice: Readonly<Record<string, string>> = {
  EACCES: 'check the owner and the permissions of this path and of every folder above it',
  EPERM: 'check the owner and the permissions of this path and of every folder above it',
  EROFS: 'the file system is mounted read-only; mount it writable or choose another root',
  ENOSPC: 'the disk is full; free space (delete works without any) and try again',
  EDQUOT: 'the disk quota is used up; free space or raise it, and try again',
  ENOTDIR: 'a part of this path is a file where a folder is needed; choose another root or move that file away',
  EISDIR: 'a folder is where a file is needed; move it away',
  EEXIST: 'a file is where a folder is needed; choose another root or move that file away',
  ENOTEMPTY: 'something in this folder is not of this store; move it away',
  ELOOP: 'symbolic links in this path lead in a circle',
  ENAMETOOLONG: 'the path of the root is too long for this file system; choose a shorter one',
  EXDEV: 'the folders sha256 and tmp of the root must be on one file system; mount nothing at either',
  EFBIG: 'no file may get so big; raise the limit of this process (ulimit -f), or choose another file system',
  EMFILE: 'this process has too many open files; raise its limit (ulimit -n) or put fewer at a time',
  ENFILE: 'this machine has too many open files; raise its limit',
  EIO: 'the disk reports a failure; check the disk and the kernel log',
  ESTALE: 'the network file system has lost track of this path; check the mount',
  ENOENT: 'a folder of the store vanished in the meantime; is somebody else deleting below the root?',
}

/** Whether a file system call failed with one of the codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '')
}

/** The codes that say that there is no room. */
export const fullCodes: readonly string[] = ['ENOSPC', 'EDQUOT']

/** The failure of a file system call as an error that says what to do. */
export function ioError(doing: string, path: string, cause: unknown, id?: AttachmentId): AttachmentIoError {
  const code = (cause as NodeJS.ErrnoException | null)?.code
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause))
  const hint = code === undefined ? undefined : advice[code]
  return new AttachmentIoError(path, `cannot ${doing} ${path}: ${reason}${hint === undefined ? '' : `; ${hint}`}`, {
    cause,
    id,
  })
}
