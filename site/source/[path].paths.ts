import { posix } from 'node:path'
import { filesIn, linkedSources } from '../src/links.ts'
import { sourcePage } from '../src/pages.ts'

const namesIn = (folder: string) => filesIn(folder).map(file => posix.relative(folder, file))

/** A page for each source that a document links to. */
export default {
  paths: () => linkedSources().map(file => ({ params: { path: file }, content: sourcePage(file, namesIn) })),
}
