import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contenders } from './contenders.ts'

/*
 * One contender as a server, in a process of its own: `server.ts NAME FOLDER`. Tells the parent its port, and ends when
 * the parent lets go of it.
 */

const [name, folder] = process.argv.slice(2) as [string, string]
const contender = contenders.find(each => each.name === name)
if (contender === undefined) throw new Error(`there is no contender ${name}`)
const server = createServer(await contender.open(folder))
// A thousand clients come at once; those that find no room in the queue would try again a second later.
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.on('disconnect', () => process.exit())
