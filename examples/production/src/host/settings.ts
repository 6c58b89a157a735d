/** Where a host finds its servers. Every process of a deployment reads it from its environment. */
export interface HostSettings {
  readonly databaseUrl: string
  /** Schema of the host's own tables and of the manifest's. */
  readonly schema: string
  readonly bucket: string
  /** What the names of all objects begin with. Two deployments never share one: each would sweep what only the other knows of. */
  readonly prefix: string
  readonly region: string
  /** Undefined on AWS. */
  readonly endpoint: string | undefined
  /** Undefined where the SDK finds those of the machine's role. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
}

export function settingsFromEnvironment(env: NodeJS.ProcessEnv = process.env): HostSettings {
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new Error(`${name} must be set`)
    return value
  }
  return {
    databaseUrl: required('DATABASE_URL'),
    schema: required('DATABASE_SCHEMA'),
    bucket: required('S3_BUCKET'),
    prefix: required('S3_PREFIX'),
    region: required('S3_REGION'),
    endpoint: env.S3_ENDPOINT,
    credentials: env.S3_ACCESS_KEY_ID
      ? { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: required('S3_SECRET_ACCESS_KEY') }
      : undefined,
  }
}

/** What has to be in the environment of a process for it to find the same settings. */
export function environmentOf(settings: HostSettings): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: settings.databaseUrl,
    DATABASE_SCHEMA: settings.schema,
    S3_BUCKET: settings.bucket,
    S3_PREFIX: settings.prefix,
    S3_REGION: settings.region,
    S3_ENDPOINT: settings.endpoint,
    S3_ACCESS_KEY_ID: settings.credentials?.accessKeyId,
    S3_SECRET_ACCESS_KEY: settings.credentials?.secretAccessKey,
  }
}
