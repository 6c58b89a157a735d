import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { program } from './command-line.ts'

/** The blocks of code of that language below the heading. */
export function blocks(markdown: string, heading: string, language: string): string[] {
  const section = markdown.split(/^##+ /m).find(text => text.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code = '']) => code)
}

/** A document, by its path from the folder of this package. */
export function documentAt(path: string): string {
  return readFileSync(join(import.meta.dirname, '..', path), 'utf8')
}

/** A shell that finds `lash-attachments`, in a folder from which the packages are found. */
export class Shell {
  readonly folder: string
  readonly #env: NodeJS.ProcessEnv

  /** @param env added to the environment of this process. */
  constructor(env: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(import.meta.dirname, '.shell-'))
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }))
    this.write('lash-attachments', `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    chmodSync(join(this.folder, 'lash-attachments'), 0o755)
    this.#env = { ...process.env, NODE_OPTIONS: '', PATH: `${this.folder}${delimiter}${process.env.PATH}`, ...env }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  /** Runs lines up to the first that fails, which rejects. */
  run(script: string): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)('bash', ['-euc', script], { cwd: this.folder, env: this.#env })
  }
}
