import { audit } from './audit.ts'
import { fetchByUrl } from './fetch-url.ts'
import { sweepWithoutGrace } from './final-sweep.ts'
import { Ground } from './ground.ts'
import { findProblems } from './problems.ts'
import type { Places, ProductionReport } from './report.ts'
import type { Servers } from './servers.ts'
import { verify } from './verify.ts'
import type { ProductionView } from './view.ts'
import { withResource } from './with-resource.ts'
import { work } from './work.ts'

/** Lets the processes work for so long, and checks what they leave. @throws the signal's reason, when it aborts; then too nothing stays behind. */
export async function runDemo(
  servers: Servers,
  seconds: number,
  view: ProductionView,
  signal: AbortSignal,
): Promise<ProductionReport> {
  signal.throwIfAborted()
  return withResource(await Ground.make(servers), ground => demonstrate(ground, servers, seconds, view, signal))
}

async function demonstrate(
  ground: Ground,
  servers: Servers,
  seconds: number,
  view: ProductionView,
  signal: AbortSignal,
): Promise<ProductionReport> {
  const started = performance.now()
  const { host, settings } = ground
  const places = placesOf(servers, settings)
  view.started(places, seconds)

  const worked = await work(host, settings, seconds, view, signal)
  view.worked(worked)
  const finalSweep = await sweepWithoutGrace(host)
  view.swept(finalSweep)
  const audited = await audit(host)
  view.audited(audited)
  signal.throwIfAborted()
  const verification = await verify(host)
  view.verified(verification)
  signal.throwIfAborted()
  const url = await fetchByUrl(host)
  view.fetched(url)
  const cleanUp = await ground.clean()
  view.cleanedUp(cleanUp)

  const report = { places, work: worked, finalSweep, audit: audited, verification, url, cleanUp }
  const problems = findProblems(report)
  const { url: _, ...rest } = report
  const found = url === undefined ? rest : { ...rest, url }
  return { ok: problems.length === 0, problems, ...found, milliseconds: performance.now() - started }
}

function placesOf(servers: Servers, { schema, prefix }: { schema: string; prefix: string }): Places {
  const { databaseUrl, endpoint, bucket } = servers.settings
  const { host, pathname } = new URL(databaseUrl)
  return {
    postgres: `${host}${pathname}`,
    schema,
    s3: `${endpoint ?? 'AWS'}, bucket ${bucket}`,
    prefix,
    own: servers.own,
  }
}
