#!/usr/bin/env node
import { relative } from 'node:path'
import { readArguments, usage } from './arguments.ts'
import { writeProject } from './write-project.ts'

try {
  const request = readArguments(process.argv.slice(2))
  if (request === undefined) {
    console.log(usage)
  } else {
    await writeProject(request.folder, request)
    console.log(`${request.name} is written. Now:

  cd ${relative('', request.folder) || '.'}
  npm install
  npm run next    # says what to write next`)
  }
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}
