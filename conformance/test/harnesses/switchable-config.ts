import { once } from 'node:events'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { type S3Connection, s3ClientConfig } from '@lash/attachments-testing/s3'

/** An S3 configuration whose credentials and connections can be taken away and given back. */
export class SwitchableConfig {
  readonly config: S3ClientConfig
  #denied = false
  #disconnected = false
  #mutePort: number | undefined
  readonly #agents: (HttpAgent | HttpsAgent)[]

  constructor(server: S3Connection) {
    const { accessKeyId, secretAccessKey } = server
    const httpAgent = this.#switchable(new HttpAgent({ keepAlive: true, maxSockets: 64 }))
    const httpsAgent = this.#switchable(new HttpsAgent({ keepAlive: true, maxSockets: 64 }))
    this.#agents = [httpAgent, httpsAgent]
    this.config = {
      ...s3ClientConfig(server),
      requestHandler: { httpAgent, httpsAgent },
      credentials: async () => ({
        accessKeyId,
        secretAccessKey: this.#denied ? 'not-the-secret' : secretAccessKey,
        // They are about to expire, so the client asks for them again at each request.
        expiration: new Date(Date.now() + 1000),
      }),
    }
  }

  async deny(): Promise<() => Promise<void>> {
    this.#denied = true
    return async () => {
      this.#denied = false
    }
  }

  async disconnect(): Promise<() => Promise<void>> {
    this.#disconnected = true
    for (const agent of this.#agents) agent.destroy()
    return async () => {
      this.#disconnected = false
    }
  }

  /** Connects every later request to a server that never answers. */
  async stall(): Promise<() => Promise<void>> {
    const sockets = new Set<Socket>()
    const mute = createServer(socket => sockets.add(socket.on('error', () => {})))
    await once(mute.listen(0, '127.0.0.1'), 'listening')
    this.#mutePort = (mute.address() as AddressInfo).port
    for (const agent of this.#agents) agent.destroy()
    return async () => {
      this.#mutePort = undefined
      for (const socket of sockets) socket.destroy()
      mute.close()
    }
  }

  /** Makes the agent connect to nobody while disconnected, and to a server that never answers while stalled. */
  #switchable<A extends HttpAgent | HttpsAgent>(agent: A): A {
    const original = agent.createConnection.bind(agent) as (...given: unknown[]) => unknown
    const switched = (...given: unknown[]): unknown => {
      if (this.#mutePort !== undefined) return connect({ host: '127.0.0.1', port: this.#mutePort })
      return this.#disconnected ? refused() : original(...given)
    }
    return Object.assign(agent, { createConnection: switched })
  }
}

/** Connects to the discard port, where nobody listens. */
function refused(): Socket {
  return connect({ host: '127.0.0.1', port: 9 })
}
