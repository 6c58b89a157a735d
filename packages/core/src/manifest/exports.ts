import type { AttachmentContentRecord, AttachmentManifestEntry } from './manifest.ts'

/** The records of refs, of which those to the same content come one after the other. */
export function* recordsOf(entries: Iterable<AttachmentManifestEntry>): Generator<AttachmentContentRecord, void, void> {
  let refs: AttachmentManifestEntry[] = []
  for (const entry of entries) {
    const [first] = refs
    if (first !== undefined && (first.attachmentId !== entry.attachmentId || first.generation !== entry.generation)) {
      yield recordOf(first, refs)
      refs = []
    }
    refs.push(entry)
  }
  if (refs[0] !== undefined) yield recordOf(refs[0], refs)
}

function recordOf(
  { attachmentId, generation }: AttachmentManifestEntry,
  refs: AttachmentManifestEntry[],
): AttachmentContentRecord {
  return { attachmentId, generation, refs }
}
